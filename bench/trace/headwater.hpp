#pragma once

#include "trace/activity_match.hpp"
#include "cut.hpp"

#include <array>
#include <span>
#include <vector>

namespace hw::bench {

/// A flow as Headwater's activity channel sees it.
using HeadwaterView = trace::Course;
[[nodiscard]] HeadwaterView headwater_view(const Cut& cut);

/// Headwater's raw scores of a pair, one for each scale and variant.
using HeadwaterScores = trace::FeatureScores;
[[nodiscard]] HeadwaterScores headwater_scores(const HeadwaterView& up, const HeadwaterView& down);

/// How a flow scores against flows that have nothing to do with it.
struct CohortStats {
    HeadwaterScores mean{};
    HeadwaterScores deviation{};
};
[[nodiscard]] CohortStats cohort_stats(std::span<const HeadwaterScores> scores);

/// The best feature after cohort normalisation, half by each flow's cohort:
/// Z = max over features of ½·[(S − μ_a)/σ_a + (S − μ_b)/σ_b].
[[nodiscard]] double headwater_z(const HeadwaterScores& scores, const CohortStats& up, const CohortStats& down);

}  // namespace hw::bench
