#pragma once

#include "base/time.hpp"
#include "trace/series.hpp"

#include <cstddef>
#include <vector>

namespace hw::trace {

/// Both senses of a flow over one window: what the activity channel compares.
struct Course {
    MultiScale commands;
    MultiScale answers;
};

/// A scale is used where it has so many bins: with fewer, two busy flows that pause at the same time once look alike.
inline constexpr std::size_t kFewestBinsAScale = 60;

/// One comparison: a score a feature (a scale, as it is or with the slow drift removed), higher is more alike.
inline constexpr std::size_t kFeatures = 2 * kScales.size();
using FeatureScores = std::array<double, kFeatures>;

/// How well a control flow's course fits an action flow's, and how well it would fit by accident.
struct CourseMatch {
    std::size_t scales = 0;                    ///< The finest so many of kScales were used; features of others mean nothing.
    FeatureScores score{};                     ///< At the true alignment.
    std::array<Duration, kFeatures> lag_commands{};
    std::array<Duration, kFeatures> lag_answers{};
    std::vector<FeatureScores> shifted;        ///< At circular shifts that no relay would cause: the pair's own null.
};

/// The activity channel's score (DESIGN, section 5, A), for every scale w:
///
///   S_w = max over lags lu, ld in [0, max_lag] of √(n_w/2)·[atanh ρ_commands(+lu) + atanh ρ_answers(−ld)] − c(lu) − c(ld)
///
/// Commands leave on the action flow after they came in on the control flow; answers come back on the action flow before
/// they are passed on: the two lags have opposite signs. c(l) = ½·ln(1 + l/0.5 s) is a mild prior for prompt relays.
/// Courses must be over the same window.
[[nodiscard]] CourseMatch match_courses(const Course& control, const Course& action, Duration max_lag);

}  // namespace hw::trace
