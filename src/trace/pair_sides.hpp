#pragma once

#include "base/error.hpp"
#include "flow/source.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::trace {

/// A flow of one side, and how far the clock that timed it is ahead of the side's own.
struct PairFlow {
    const flow::Flow* flow = nullptr;
    Duration ahead{0};
    /// First to last packet by the side's clock.
    [[nodiscard]] Interval interval() const { return {flow->first - ahead, flow->last - ahead}; }
};

/// What one side of a blind spot has to offer. The clocks of its own observers are brought together by the flows that they
/// share; a flow that several of them saw is taken once.
struct PairSide {
    std::vector<PairFlow> courses;  ///< With activity by bins of 250 ms, long and busy enough to be compared; in order of first packet.
    std::vector<PairFlow> records;  ///< With totals only, from a log or an exporter.
    std::size_t too_short = 0;      ///< Under 15 s or ten packets: passed over.
};

inline constexpr Duration kShortestPaired = std::chrono::seconds(15);
inline constexpr std::uint64_t kFewestPacketsPaired = 10;

[[nodiscard]] Result<PairSide> gather_side(const flow::FlowSource& source);

/// The same conversation, seen twice: no continuation of itself.
[[nodiscard]] bool same_conversation(const flow::Flow& a, const flow::Flow& b);

}  // namespace hw::trace
