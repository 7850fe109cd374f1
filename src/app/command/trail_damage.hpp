#pragma once

#include "base/json_value.hpp"
#include "weigh/records.hpp"

#include <vector>

namespace hw::app::command {

/// What left the victim along traced trails, from `trace --json`: for each attack flow once, how much its payload was (of sampled flows an estimate of all bytes, with the bounds of
/// its error), when, to whom, and how much each relay carried on. That it left is all that flows show: how grave it is stays unknown until somebody says so.
[[nodiscard]] std::vector<weigh::Damage> damage_of(const JsonValue& trace);

}  // namespace hw::app::command
