// The texts of net: what is taken prints and reads back as the same value; what is refused is refused, not crashed on.
#include "net/address.hpp"
#include "net/asn.hpp"
#include "net/country.hpp"
#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

template <typename Parse>
void round_trip(std::string_view text, Parse parse) {
    const auto value = parse(text);
    if (!value) { return; }
    const auto again = parse(to_string(*value));
    if (!again || *again != *value) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    round_trip(text, hw::net::parse_address);
    round_trip(text, hw::net::parse_endpoint);
    round_trip(text, hw::net::parse_prefix);
    round_trip(text, hw::net::parse_asn);
    round_trip(text, hw::net::Country::parse);
    return 0;
}
