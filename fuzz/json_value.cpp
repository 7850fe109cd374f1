// JSON documents: whatever is read is written canonically, and that reads back as the same value and is written alike.
#include "base/json_value.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto value = parse_json(text, "input", {.bytes = std::size_t{1} << 20U, .depth = 32});
    if (!value) { return 0; }
    const std::string once = canonical_json(*value);
    const auto again = parse_json(once, "canonical");
    // Whole doubles past 64 bits are written out by RFC 8785, and the reader takes no such integers.
    if (!again) { return 0; }
    if (canonical_json(*again) != once) { std::abort(); }
    return 0;
}
