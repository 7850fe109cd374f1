#include "app/command/route_target.hpp"

#include "app/shortened.hpp"

#include <algorithm>
#include <string>

namespace hw::app::command {
namespace {
namespace route_target_detail {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// A number of an AS by its looks, be it a sound one or not. `AS` alone is American Samoa.
bool is_typed_as_asn(std::string_view text) {
    const bool named = text.size() > 2 && (text.starts_with("AS") || text.starts_with("as"));
    return named || (!text.empty() && std::ranges::all_of(text, is_digit));
}

}  // namespace route_target_detail
}  // namespace

Result<RouteTarget> parse_route_target(std::string_view text) {
    using namespace route_target_detail;
    constexpr std::string_view kCountry = "country:";
    if (text.starts_with(kCountry) || (text.size() == 2 && std::ranges::all_of(text, is_letter))) {
        const std::string_view code = text.starts_with(kCountry) ? text.substr(kCountry.size()) : text;
        const auto country = net::Country::parse(code);
        if (!country || !country->known()) { return fail(Errc::usage, "\"" + shortened(std::string(code)) + "\" is no country", "TARGET", "two letters of ISO 3166, as in KE"); }
        return *country;
    }
    if (is_typed_as_asn(text)) {
        HW_TRY(const auto asn, net::parse_asn(text));
        return asn;
    }
    const auto prefix = net::parse_prefix(text);
    if (!prefix) { return fail(Errc::usage, "\"" + shortened(std::string(text)) + "\" is no address, prefix, AS or country", "TARGET", "as in 192.0.2.1, 192.0.2.0/24, AS64500 or KE"); }
    return *prefix;
}

}  // namespace hw::app::command
