#pragma once

#include "weigh/evidence.hpp"

#include <string>

namespace hw::weigh {

/// How likely a party works through a machine that stands elsewhere than itself: rented, broken into, or reached by remote desktop. What a
/// trail or a distance shows is where the machine is.
inline constexpr double kElsewhere = 0.25;
/// What is said where a finding tells nothing of a hypothesis.
inline constexpr double kUndecided = 0.50;

/// Kilometres along the earth's surface, taken for a sphere of 6,371 km.
[[nodiscard]] double distance_km(const Place& a, const Place& b);

/// Works out `likelihood` of every item whose finding leads to one and for which nobody stated it, and says how in `derived`. For the
/// hypotheses that say where their actors would be:
/// - trail ending, with probability p that the attack starts in that network: P = p·(.75 inside, .25 outside its networks) + (1−p)·.50;
/// - distance bound: .25 where the whole place lies farther than the bound reaches, .75 where all of it lies within, else .50.
/// Those that do not say, H0 among them, have .50. Techniques are matched before (attack/technique_items.hpp).
void derive_likelihoods(Evidence& evidence);

}  // namespace hw::weigh
