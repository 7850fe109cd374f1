#pragma once

#include "weigh/assessment.hpp"

#include <vector>

namespace hw::weigh {

/// What each open question is worth: EVSI = Σ_o P(o)·max_a U(a|o) − max_a U(a) for every action by itself, with C_wrong = τ and C_missed = 1 − τ,
/// added over the actions; and the expected drop of the entropy. Those of the greatest EVSI a cost first, then of the greatest drop, then by id.
[[nodiscard]] std::vector<Worth> worth_of(const Evidence& evidence, const Assessment& told);

}  // namespace hw::weigh
