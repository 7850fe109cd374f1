#include "route/origin_table.hpp"

namespace hw::route {

Result<OriginTable> OriginTable::build(const Rib& rib) {
    OriginTable out;
    std::vector<net::Prefix> prefixes;
    prefixes.reserve(rib.prefixes());
    out.origins_.reserve(rib.prefixes());
    for (Rib::PrefixId id = 0; id < rib.prefixes(); ++id) {
        if (rib.routes(id).empty()) { continue; }
        const auto origins = rib.origins(id);
        const bool decided = !origins.empty() && (origins.size() == 1 || origins[0].second > origins[1].second);
        prefixes.push_back(rib.prefix(id));
        out.origins_.push_back(decided ? origins.front().first : net::Asn());
    }
    HW_TRY(out.longest_, net::LongestMatch::build(prefixes));
    return out;
}

std::optional<net::Asn> OriginTable::find(const net::Address& address) const {
    const std::uint32_t at = longest_.find(address);
    if (at == net::LongestMatch::kNone || origins_[at] == net::Asn()) { return std::nullopt; }
    return origins_[at];
}

}  // namespace hw::route
