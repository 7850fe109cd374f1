#pragma once

#include "net/asn.hpp"
#include "route/rib.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hw::route {

/// The ways to some prefixes as a tree: the target at its root, its upstreams below, and so on towards the routers that told. Ways that lead apart and come
/// together again stand in it as often as they are different.
struct WayTree {
    struct Place {
        net::Asn asn;              ///< AS0 at the root.
        std::size_t parent = 0;    ///< Of the root itself.
        double share = 0;          ///< Of the ways, that lead through here: the mean over the peer ASes of the share of the prefixes' weight.
        double ends = 0;           ///< Of that, what begins here, with routers of this AS.
        std::size_t depth = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    std::vector<Place> places;     ///< Each after its parent, the children of one by falling share, then number.
    std::size_t peer_ases = 0;
};

struct WayTreeOptions {
    double least = 0.01;        ///< Places of a smaller share are left out; their parent's share has them.
    std::size_t most = 60;      ///< So many places at most, those of the greatest share.
};

/// Prefixes count by their addresses, those of IPv6 as one each: mix the two and only IPv4 counts. Own ASes stand at the root. `rib` must be settled.
[[nodiscard]] WayTree way_tree(const Rib& rib, std::span<const Rib::PrefixId> scope, std::span<const net::Asn> own, WayTreeOptions options = {});

}  // namespace hw::route
