#pragma once

#include "base/decibans.hpp"

#include <cmath>

namespace hw::trace {

/// The constants that turn scores into evidence. They were set once on laboratory traffic (docs/trace.md says how) and
/// are not tuned to any one capture.
struct Calibration {
    /// How strong a true link's activity score is, as the share u of ln p that a perfect copy of the action would reach:
    /// f(u) = prompt·Beta(u; a, b) + (1 − prompt) on (0, 1). Relays that pass on at once come close to a perfect copy; the
    /// even rest is for those that delay, add or merge.
    double prompt_share = 0.8;
    double prompt_a = 4;
    double prompt_b = 2;
    /// Weight of the record channel beside the activity channel: the two share the flows' starts and ends.
    double record_discount = 0.5;
    /// Chance that a host that acts is driven from a flow seen at it, before any evidence.
    double relay_prior = 0.5;
    /// Share of links that pass on orders rather than bytes.
    double order_share = 0.05;
    /// No weight above this and no p below that is reported: what a finite sample and a model that may be wrong cannot
    /// show. The ranking is by the unlimited figures.
    Decibans most_believed{100};
    double least_p = 1e-12;
    /// "None of the candidates" never gets less: the chance that the model itself misleads.
    double model_error = 1e-6;
};

inline constexpr Calibration kCalibration{};

/// The weight of an activity score, from ln p of the pair and of the action against itself. With x = −ln p, exponential
/// under "unrelated", and u = x/X, X = −ln p_self: ln LR = x + ln f(u) − ln X. A score that is rare among strangers
/// but far below what a true partner would have reached weighs little, or against.
[[nodiscard]] Decibans weight_of(double log_p, double log_p_self);

}  // namespace hw::trace
