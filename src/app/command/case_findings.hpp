#pragma once

#include "app/output/context.hpp"
#include "base/json_value.hpp"
#include "casefile/entry.hpp"
#include "weigh/evidence.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::app::command {

/// The origin of what Headwater itself observed in its operator's data.
inline constexpr std::string_view kOwnObservation = "own-observation";

/// What is to be filed of a result, read from its JSON: trails, routes and events as they are, and what they say as items of the ledger
/// (docs/weigh.md): where a trail ends, how far away whoever answers can stand at most, outages and hijacks; and what left the victim, as damage. `here`: where the observer stands,
/// for distances; `run`: the id of the run.
[[nodiscard]] std::vector<casefile::Change> findings_of(const JsonValue& result, const output::Context& context, const std::optional<weigh::Place>& here, const std::string& run);

}  // namespace hw::app::command
