#pragma once

#include "recording.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hw::bench {

/// The methods, in the order of every list of scores.
enum class Method : std::uint8_t { headwater, roles_unknown, on_off, on_off_wide, he_tong_05, he_tong_2, he_tong_6, variation, second_bins, gap_cosine };
inline constexpr std::size_t kMethods = 10;
/// As the results call it.
[[nodiscard]] std::string_view name_of(Method method);

using MethodScores = std::array<double, kMethods>;

/// How two flows were scored: `up` and `down` index the list of played pairs; equal indexes are the truth.
struct PairScores {
    std::uint32_t up = 0;
    std::uint32_t down = 0;
    MethodScores score{};
};

struct EvaluationOptions {
    double window_s = 60;
    double least_share = 0.8;      ///< Both flows must still carry something after so much of the window.
    std::size_t cohort = 240;      ///< Flows each side that scores are normalised by, less those of the tested pair's recordings.
    std::uint32_t sampling = 1;    ///< One packet in so many is kept, on both sides independently.
    std::uint64_t seed = 1;
    unsigned threads = 1;
};

struct Evaluation {
    std::vector<PairScores> scores;
    std::array<double, kMethods> nanoseconds{};  ///< A pair, without what is worked out once a flow.
    std::vector<std::uint32_t> used;             ///< Played pairs that live long enough.
    std::size_t too_short = 0;
    std::size_t cohort_least = 0;                ///< The smallest cohort that a pair was normalised by.
};

/// Scores every first flow against every last one: those of one recording over the first flow's window of absolute time, those
/// of different recordings with the starts of their sessions laid on one another. A window begins where both flows of a session
/// live. Headwater's scores are normalised by flows of `cohort` and `played` out of other recordings than the two of the pair.
[[nodiscard]] Evaluation evaluate(const std::vector<Played>& played, const std::vector<Played>& cohort, const EvaluationOptions& options);

}  // namespace hw::bench
