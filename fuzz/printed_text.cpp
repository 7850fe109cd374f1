// Text from outside, made safe: a JSON string holds no control character and is valid UTF-8, a printable text no
// control character at all.
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void check_clean(std::string_view text) {
    while (!text.empty()) {
        const auto c = hw::next_utf8(text);
        if (!c.valid || c.size > text.size() || c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0)) { std::abort(); }
        text.remove_prefix(c.size);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    std::string json;
    hw::append_json_string(json, text);
    check_clean(json);
    check_clean(hw::printable(text));
    return 0;
}
