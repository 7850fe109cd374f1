#pragma once

#include "trace/link.hpp"
#include "trace/pair_clock.hpp"
#include "trace/pair_score.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// The stretches of time that two sides' flows are compared over: one length, each begun half a length after the one
/// before, so that whatever lives no longer than half of it lies within one of them.
struct PairGrid {
    Time origin;  ///< By side A's clock.
    EpochShape shape;
    std::size_t windows = 0;
    [[nodiscard]] Duration step() const { return shape.bins / 2 * flow::kActivityBinWidth; }
    /// The first window that holds a part of `lived`, and the one past the last.
    [[nodiscard]] std::pair<std::size_t, std::size_t> range(Interval lived) const;
};

/// The windows over the time that both sides have flows in.
[[nodiscard]] PairGrid make_grid(const PairSide& a, const PairSide& b, const PairClock& clock, EpochShape shape);

/// The bin of 250 ms that begins nearest to a window's start, on a clock that is so far ahead.
[[nodiscard]] inline std::int64_t first_bin_of(Time start, Duration ahead) {
    return flow::bin_index(start + ahead + flow::kActivityBinWidth / 2, flow::kActivityBinWidth);
}

/// Epochs with fewer bins of 250 ms that hold a packet are not compared.
inline constexpr std::size_t kFewestActiveBins = 4;

/// Which flow of A with which flow of B.
struct PairRef {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::uint32_t rotated = 0;  ///< a's course in each window turned round by so many thousandths of its life: a pair that cannot be.
    friend auto operator<=>(const PairRef&, const PairRef&) = default;
};

/// What all the windows that a pair shares say together: Σ√nᵢ·zᵢ / √Σnᵢ over windows that do not overlap, nᵢ being the bins
/// that both lived through (Stouffer's sum, so weighted because a true pair's z grows as √n); for the passage and the parity
/// of windows at which it is highest.
struct PairTotal {
    float z = kNoMatch;
    float control = kNoMatch;      ///< The same of the mirrored passage.
    Passage passage = Passage::a_to_b;
    std::uint8_t windows = 0;      ///< How many were summed.
    std::uint16_t shared_s = 0;    ///< Seconds that both lived through, in these windows.
    float scale_s = 0;
    Duration lag_request{0};
    Duration lag_reply{0};
    [[nodiscard]] Duration offset() const { return (lag_request + lag_reply) / 2; }
};

/// The most windows that one pair is compared in, evenly spread over the time that they share.
inline constexpr std::size_t kMostWindowsAPair = 16;
/// Strangers that an epoch's scores are normalised by.
inline constexpr std::size_t kPairCohort = 200;

/// Scores each pair in its windows, window after window, so that the epochs of only one are held at a time. `options`
/// gives threads, stop and progress (in windows). The flows of `company` are held beside those of `pairs`, as strangers that
/// scores are normalised by, but not scored.
[[nodiscard]] std::vector<PairTotal> score_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid,
                                                 std::span<const PairRef> pairs, const PairOptions& how, const LinkOptions& options,
                                                 std::span<const PairRef> company = {});

}  // namespace hw::trace
