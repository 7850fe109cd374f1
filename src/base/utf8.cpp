#include "base/utf8.hpp"

#include <cstdint>

namespace hw {

Utf8Character next_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) { return {lead, 1, true}; }

    // The first continuation byte has a narrower range after some leads (Unicode 15, table 3-7).
    std::size_t size = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    std::uint32_t code = 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
        size = 2;
        code = lead & 0x1fU;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        size = 3;
        code = lead & 0x0fU;
        if (lead == 0xe0) { low = 0xa0; }
        if (lead == 0xed) { high = 0x9f; }
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        size = 4;
        code = lead & 0x07U;
        if (lead == 0xf0) { low = 0x90; }
        if (lead == 0xf4) { high = 0x8f; }
    } else {
        return {kReplacementCharacter, 1, false};
    }
    for (std::size_t i = 1; i < size; ++i) {
        if (i >= text.size() || byte(i) < low || byte(i) > high) { return {kReplacementCharacter, i, false}; }
        code = (code << 6U) | (byte(i) & 0x3fU);
        low = 0x80;
        high = 0xbf;
    }
    return {static_cast<char32_t>(code), size, true};
}

}  // namespace hw
