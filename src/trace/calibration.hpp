#pragma once

#include "base/decibans.hpp"

#include <cmath>

namespace hw::trace {

/// The constants that turn scores into evidence. They were set once on laboratory traffic (docs/trace.md says how) and
/// are not tuned to any one capture.
struct Calibration {
    /// Shape of the alternative: under a true link the p-value follows Beta(κ, 1), so that a p-value weighs
    /// ln(κ·p^(κ−1)) nats (a p-to-e calibrator: Sellke, Bayarri & Berger 2001; Vovk & Wang 2021, eq. 2).
    double kappa = 0.05;
    /// Weight of the record channel beside the activity channel: the two share the flows' starts and ends.
    double record_discount = 0.5;
    /// Chance that a host that acts is driven from a flow seen at it, before any evidence.
    double relay_prior = 0.5;
    /// Share of links that pass on orders rather than bytes.
    double order_share = 0.05;
};

inline constexpr Calibration kCalibration{};

/// The weight of a p-value given as its natural logarithm.
[[nodiscard]] inline Decibans weight_of(double log_p, double kappa) {
    return Decibans::from_nats(std::log(kappa) + (kappa - 1) * log_p);
}

}  // namespace hw::trace
