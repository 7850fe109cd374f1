#include "net/asn.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

#include <optional>

namespace hw::net {
namespace {
namespace asn_detail {

template <typename T>
std::optional<T> scan_number(std::string_view text) {
    if (text.size() > 1 && text.front() == '0') { return std::nullopt; }
    return parse_integer<T>(text);
}

}  // namespace asn_detail
}  // namespace

Result<Asn> parse_asn(std::string_view text) {
    std::string_view digits = text;
    if (digits.size() > 2 && (digits[0] == 'A' || digits[0] == 'a') && (digits[1] == 'S' || digits[1] == 's')) { digits.remove_prefix(2); }
    if (const std::size_t dot = digits.find('.'); dot != std::string_view::npos) {
        const auto high = asn_detail::scan_number<std::uint16_t>(digits.substr(0, dot));
        const auto low = asn_detail::scan_number<std::uint16_t>(digits.substr(dot + 1));
        if (high && low) { return Asn((std::uint32_t{*high} << 16U) | *low); }
    } else if (const auto number = asn_detail::scan_number<std::uint32_t>(digits)) {
        return Asn(*number);
    }
    return fail(Errc::malformed, fmt::format("'{}' is not an AS number", text.substr(0, 64)), {}, "write it as AS64500");
}

std::string to_string(Asn asn) { return fmt::format("AS{}", asn.number()); }

}  // namespace hw::net
