#pragma once

#include "trace/link.hpp"

#include <span>
#include <vector>

namespace hw::trace {

inline constexpr double kLeastExplained = 0.5;      ///< Of a tunnel's course, by its streams …
inline constexpr double kLeastBeyondChance = 0.25;  ///< … and beyond what they explain when moved in time.
inline constexpr std::size_t kMostTunnelsTried = 512;  ///< Flows of most bytes among those with two streams or more inside their lives.
inline constexpr std::size_t kMostStreamsTried = 4096;  ///< In one tunnel, those of most bytes.

/// The flows of a relay whose course is the sum of several others' (`explain_tunnel`): inflows that carry outflows, and
/// outflows that carry inflows (the near end of a tunnel). Each with at least two streams that lived inside its life, give or
/// take `options.max_lag`; in order of first packet. A stop gives those found until then.
[[nodiscard]] std::vector<Tunnel> find_tunnels(std::span<const flow::Flow* const> inflows, std::span<const flow::Flow* const> outflows,
                                               const LinkOptions& options);

}  // namespace hw::trace
