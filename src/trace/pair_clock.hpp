#pragma once

#include "trace/pair_sides.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hw::trace {

/// What the difference of two sides' clocks was told by.
enum class ClockBasis : std::uint8_t { unknown, given, shared_flows, lags };
/// `unknown`, `given`, `shared-flows`, `lags`.
[[nodiscard]] std::string_view to_string(ClockBasis basis);

/// How far side B's clock is ahead of side A's, the same for all its flows.
struct PairClock {
    Duration ahead{0};        ///< 0 where unknown.
    ClockBasis basis = ClockBasis::unknown;
    std::size_t support = 0;  ///< Flows, or pairs, that it rests on.
    Duration spread{0};       ///< Median absolute deviation of these.
};

/// From conversations that each side saw exactly once: the median difference of their first packets. A route between the
/// observers adds its delay; with conversations in both directions that cancels out.
[[nodiscard]] PairClock clock_from_shared(const PairSide& a, const PairSide& b);

/// From the offsets of pairs that are thought to belong together, some of them wrongly: the median of the densest second.
/// Unknown unless three of them and a third of all lie within that second.
[[nodiscard]] PairClock clock_from_offsets(std::vector<Duration> offsets);

}  // namespace hw::trace
