#pragma once

#include "trace/link.hpp"
#include "trace/profile.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace hw::trace {

/// A host, or one service of it, whose flows are left out of what is learnt: one known to relay, or known to be bad.
struct LeftOut {
    net::Address address;
    std::optional<net::Port> port;
};

/// How a background profile is learnt.
struct LearnOptions {
    LinkOptions link;               ///< Its seed, threads, longest lag, progress (pairs of as many as are wanted) and stop.
    std::uint64_t pairs = 200'000;  ///< Pairs to compare, about.
    std::vector<LeftOut> without;
};

/// Learns how unrelated pairs score in this traffic. Each comparison takes a host's action flows and, as candidates to feed them,
/// all flows of a host (another, or itself) that truly lived at another time, moved to the action's: the flows of one chain
/// live at one time, and keep a common rhythm wherever they are moved. Where nearly all flows live throughout, so that too
/// few are left, any flow moved by at least 20 s and the longest lag is taken, where no relay's two sides still meet.
/// So true relays among the traffic, however many, cannot pass for unrelated; what is left that no unrelated pair would
/// score (expected a thousandth of a time among so many) is excluded and counted. `inputs` and `version` are left empty. Fails with
/// `limit` when there are too few flows to compare.
[[nodiscard]] Result<Profile> learn_profile(const flow::FlowSource& source, const LearnOptions& options);

/// Drops scores far above anything that unrelated pairs would reach, judged from the 90 % and 97 % points, and returns how
/// many; at most one in a hundred. Leaves `scores` sorted.
std::uint64_t exclude_strong(std::vector<double>& scores);

}  // namespace hw::trace
