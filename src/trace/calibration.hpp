#pragma once

#include "base/decibans.hpp"

#include <cmath>

namespace hw::trace {

/// The constants that turn scores into evidence. They were set once on laboratory traffic (docs/trace.md says how) and
/// are not tuned to any one capture.
struct Calibration {
    /// How strong a true link's activity score is, as the share r of the z that a perfect copy of the action would reach:
    /// f(r) = prompt·Beta(r; a, b) + (1 − prompt) on (0, 1). Relays that pass on at once come close to a perfect copy; the
    /// even rest is for those that delay, add or merge.
    double prompt_share = 0.8;
    double prompt_a = 4;
    double prompt_b = 2;
    /// Weight of the record channel's timing beside the activity channel: both see the flows' starts and ends.
    double timing_discount = 0.5;
    /// Chance that a host that acts is driven from a flow seen at it, before any evidence.
    double relay_prior = 0.5;
    /// Share of these in which the host itself opened the control flow. Hosts open many flows and few of them are leashes.
    double call_back_share = 0.2;
    /// Share of links that pass on orders rather than bytes.
    double order_share = 0.4;
    /// The same where the action is a dialogue of many turns, which an order does not write.
    double order_share_of_dialogue = 0.01;
    /// Prior and share where there are totals only and the sequence channel speaks: the question is then mostly one of orders.
    double driven_by_totals = 0.6;
    double order_share_by_totals = 0.6;
    /// Where orders are inferred from totals: the share of the evidence at a trail's hosts that counts for the trail against
    /// others, and its limit. Set on made-up intrusions and on the fourteen of the laboratory made for development; anything
    /// from 0.5 to 1 and from 25 dB to 45 names as many right.
    double support_share = 0.6;
    Decibans most_support{30};
    /// No weight above this and no p below that is reported: what a finite sample and a model that may be wrong cannot
    /// show. The ranking is by the unlimited figures.
    Decibans most_believed{60};
    double least_p = 1e-6;
    /// "None of the candidates" never gets less: the chance that the model itself misleads.
    double model_error = 1e-6;
};

inline constexpr Calibration kCalibration{};

/// The weight of an activity score: ln f1(z)/f0(z), with f0 the density among unrelated pairs, given as its logarithm, and
/// f1(z) = f(z / z_self) / z_self. A score that is rare among strangers but far below what a true partner would have
/// reached weighs little, or against.
[[nodiscard]] Decibans weight_of(double z, double z_self, double log_density);

}  // namespace hw::trace
