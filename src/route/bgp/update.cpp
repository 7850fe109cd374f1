#include "route/bgp/update.hpp"

#include "base/byte_cursor.hpp"

#include <algorithm>
#include <array>

namespace hw::route::bgp {

void read_update(std::span<const std::byte> body, std::size_t as_width, bool with_paths, Update& update) {
    update.with_paths = with_paths;
    const auto reset = [&update](std::string_view why, std::size_t offset) {
        update.fate = Fate::reset;
        update.why = why;
        update.offset = offset;
    };
    ByteCursor in(body);
    const auto withdrawn_size = in.be16();
    const auto withdrawn = withdrawn_size ? in.take(*withdrawn_size) : std::nullopt;
    if (!withdrawn) { return reset("an UPDATE ends inside its withdrawn routes", in.offset()); }
    update.withdrawn = NlriRange(*withdrawn, Afi::ipv4, with_paths);
    const auto attributes_size = in.be16();
    const std::size_t attributes_at = in.offset();
    const auto attributes = attributes_size ? in.take(*attributes_size) : std::nullopt;
    if (!attributes) { return reset("an UPDATE ends inside its attributes", attributes_at); }
    const std::size_t routes_at = in.offset();
    update.announced = NlriRange(in.rest(), Afi::ipv4, with_paths);
    read_attributes(*attributes, {.as_width = as_width, .with_paths = with_paths, .of_table = false}, update);
    update.offset += attributes_at;
    // A router would end the session (RFC 7606, 5.3). Whoever recorded this did not, so that the prefixes before the damage count.
    const auto look = [&update](const NlriRange& routes, std::string_view why, std::size_t offset) {
        const auto seen = routes.glance();
        update.odd = update.odd || !seen.sound || seen.defaults > 1;
        if (seen.sound || !update.why.empty()) { return; }
        update.fate = std::max(update.fate, Fate::discard);
        update.why = why;
        update.offset = offset;
    };
    look(update.withdrawn, "a withdrawn prefix is malformed", 2);
    look(update.announced, "an announced prefix is malformed", routes_at);
    for (const auto* others : {&update.attributes.reach, &update.attributes.unreach}) {
        const auto routes = *others ? (*others)->nlri(with_paths) : std::nullopt;
        if (routes) { look(*routes, "a prefix of another family is malformed", attributes_at); }
    }
    const bool announces = !update.announced.empty() || update.attributes.reach;
    const bool lacking = !update.attributes.origin || !update.attributes.as_path_bytes || (!update.announced.empty() && !update.attributes.next_hop);
    if (announces && lacking && update.fate < Fate::withdraw) {  // RFC 7606, 3 d
        update.fate = Fate::withdraw;
        update.why = "a mandatory attribute is missing";
        update.offset = attributes_at;
    }
}

bool has_untold_paths(const Update& update) {
    if (update.with_paths || !update.odd) { return false; }
    std::array<NlriRange, 4> plain{update.withdrawn, update.announced};
    if (update.attributes.reach) { plain[2] = update.attributes.reach->nlri(false).value_or(NlriRange()); }
    if (update.attributes.unreach) { plain[3] = update.attributes.unreach->nlri(false).value_or(NlriRange()); }
    return std::ranges::all_of(plain, [](const NlriRange& routes) { return NlriRange(routes.bytes(), routes.afi(), true).glance().sound; });
}

}  // namespace hw::route::bgp
