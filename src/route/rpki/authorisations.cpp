#include "route/rpki/authorisations.hpp"

#include <algorithm>

namespace hw::route::rpki {

bool Authorisations::add(const Authorisation& a) {
    auto& here = by_prefix_[a.prefix];
    const Allowed allowed{.max_length = a.max_length, .origin = a.origin};
    if (std::ranges::find(here, allowed) != here.end()) { return false; }
    here.push_back(allowed);
    ++size_;
    return true;
}

bool Authorisations::remove(const Authorisation& a) {
    auto* here = by_prefix_.find(a.prefix);
    if (here == nullptr) { return false; }
    const auto at = std::ranges::find(*here, Allowed{.max_length = a.max_length, .origin = a.origin});
    if (at == here->end()) { return false; }
    here->erase(at);
    if (here->empty()) { by_prefix_.erase(a.prefix); }
    --size_;
    return true;
}

OriginValidity Authorisations::validate(const net::Prefix& prefix, net::Asn origin) const {
    OriginValidity found = OriginValidity::not_found;
    by_prefix_.for_each_match(prefix, [&](const net::Prefix&, const std::vector<Allowed>& here) {
        for (const Allowed& allowed : here) {
            const bool allows = allowed.origin == origin && origin != net::Asn() && prefix.length() <= allowed.max_length;
            if (allows) { found = OriginValidity::valid; }
            else if (found == OriginValidity::not_found) { found = OriginValidity::invalid; }
        }
    });
    return found;
}

}  // namespace hw::route::rpki
