#pragma once

#include "base/error.hpp"
#include "packets.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::bench {

/// One side of a true pair: a flow, the capture it is in, and that capture's clock.
struct Side {
    FlowName flow;
    net::Address near_master;        ///< The end of the flow that commands come from.
    std::string capture;             ///< Path of the observer's file.
    std::int64_t clock_offset_us = 0;  ///< What that observer's clock is ahead of true time.
};

/// Two flows of one session whose middle nobody sees: what network mode is to find again.
struct TruePair {
    std::string scenario;
    std::uint64_t seed = 0;
    std::string session;
    std::string group;        ///< What the results are listed by: `group_of`.
    std::string relay_kind;
    std::string driver;
    std::size_t relays = 0;   ///< Between the two flows.
    std::int64_t first_us = 0;  ///< True time from which both flows lived.
    std::int64_t last_us = 0;   ///< True time until which both did.
    Side up;                  ///< Nearer to the master.
    Side down;                ///< Nearer to the victim.
};

/// What a recording's truth.json says, as pairs: for every complete session with a relay the first flow (source to first relay, as
/// the source saw it) and the last (last relay to victim, as the victim saw it). A session that passes through an evading shim
/// gives a second pair: the first flow and the one between the shim's ends, as its far end saw it.
[[nodiscard]] Result<std::vector<TruePair>> read_truth(const std::string& folder);

/// What the results are listed by: the evasion where there is one, else `net` (SSH, socat, SOCKS and other plain relays), `mixed`, or
/// the kind of relay that is neither.
[[nodiscard]] std::string group_of(const std::string& relay_kind, const std::string& evasion);

}  // namespace hw::bench
