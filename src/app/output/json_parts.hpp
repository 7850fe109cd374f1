#pragma once

#include "app/output/context.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "flow/flow.hpp"

namespace hw::app::output {

/// Milliseconds with their fraction, as `_ms` members hold them.
[[nodiscard]] double milliseconds(Duration duration);

/// A probability or an expected number, to six significant digits: all that it is worth, and no last digit that differs
/// from one processor's mathematics to the next.
[[nodiscard]] double rounded(double chance);
/// A weight in decibans, to a hundredth.
[[nodiscard]] double rounded(Decibans weight);

/// A flow as CLI.md has it, with what else is known of it.
/// `observers`: all who saw the conversation, where they are several and are told.
void write_flow(JsonWriter& json, const flow::Flow& flow, const Context& context, std::span<const flow::ObserverId> observers = {});
/// A link's members (`llr_db`, `p`, `channels`, lags, ...), inside an object that has been begun.
void write_link_members(JsonWriter& json, const trace::Link& link);
/// `version`, `note`, `parameters`, `interrupted`.
void write_run_members(JsonWriter& json, const Context& context);
/// `inputs`, `failures`.
void write_read_members(JsonWriter& json, const Context& context);
/// `inputs`, `failures`, `observers`, `coverage`.
void write_input_members(JsonWriter& json, const Context& context);

/// The words of the JSON for a coverage basis: `declared`, `capture-point`, `segment`, `log-local`.
[[nodiscard]] std::string_view to_string(flow::CoverageBasis basis);

}  // namespace hw::app::output
