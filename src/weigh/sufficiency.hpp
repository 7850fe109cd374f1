#pragma once

#include "weigh/assessment.hpp"

#include <vector>

namespace hw::weigh {

/// How many decibans a line weighs for a hypothesis against all others together, by their priors, before it is discounted.
[[nodiscard]] double weight_for(const Line& line, const std::vector<double>& priors, std::size_t hypothesis);

/// For each action of `told`: whether the lowest chance of its hypothesis reaches the threshold, two independent origins and an item that is
/// hard to forge speak for it, and no dispute of a decisive item is unanswered (DESIGN, section 7). `told` holds all but this and the questions.
[[nodiscard]] std::vector<Sufficiency> sufficiency_of(const Evidence& evidence, const Assessment& told);

}  // namespace hw::weigh
