#pragma once

#include "app/output/weigh_output.hpp"

#include <string>

/// The drawings of the assessment's page, as SVG elements.
namespace hw::app::output {

/// A bar a hypothesis: range, present chance, prior.
[[nodiscard]] std::string range_picture(const WeighView& view);
/// The way from the prior odds of the leader against the runner-up to the present ones, a bar an origin; of many the smallest together.
[[nodiscard]] std::string waterfall_picture(const WeighView& view);
/// When: damage and what was said or seen, by origin; threats, requests and promises from when they were made to when they are due. Empty where nothing has a date.
[[nodiscard]] std::string timeline_picture(const WeighView& view);
/// Items that cite or are cited, as a graph in layers: roots on the right. Empty where nobody cites anybody.
[[nodiscard]] std::string citation_picture(const WeighView& view);

}  // namespace hw::app::output
