#pragma once

#include "route/watch/event.hpp"

#include <cstddef>
#include <vector>

#include "net/asn.hpp"

namespace hw::route {

/// What was measured about an outage, for its signals and for what could explain it.
struct OutageFacts {
    struct Upstream {
        net::Asn asn;
        double share = 0;           ///< Of the routes told before.
        std::size_t behind = 0;     ///< Prefixes of others that came in by it.
        std::size_t behind_dark = 0;  ///< Of these, how many went dark at the same time.
    };
    std::size_t prefixes_down = 0;
    std::size_t prefixes_known = 0;
    double addresses = 0;           ///< Share of the addresses.
    std::size_t routers = 0;        ///< That count.
    std::size_t routers_without = 0;  ///< Of them, how many have no route to any of what is down.
    Duration spread{0};             ///< From the first router's loss to the last.
    std::vector<Upstream> upstreams;  ///< The greatest share first.
    std::size_t others = 0;         ///< Prefixes of everybody else.
    std::size_t others_dark = 0;    ///< Of these, how many went dark at the same time.
    std::size_t sessions_changed = 0;  ///< Routers whose sessions came or went at the same time.
    bool unstable = false;          ///< The target's routes came and went before.
    Time unstable_since;
    std::size_t turns_before = 0;
};

[[nodiscard]] std::vector<Signal> signals_of(const OutageFacts& facts);
/// Every hypothesis, with how it stands to the facts; none is chosen, and several may fit.
[[nodiscard]] std::vector<Cause> causes_of(const OutageFacts& facts);

}  // namespace hw::route
