#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"
#include "trace/trail.hpp"

#include <span>
#include <string>
#include <utility>

namespace hw::app::command {

/// Reads, traces and renders by the invocation's settings; what `trace` and `demo` share. `more_parameters` are said in
/// the result beside the settings.
[[nodiscard]] Result<Outcome> run_trace(const Invocation& invocation, std::span<const std::string> inputs,
                                        const trace::TraceQuery& query,
                                        std::span<const std::pair<std::string, std::string>> more_parameters = {});

/// The query that the settings of `trace` make.
[[nodiscard]] trace::TraceQuery trace_query(const Invocation& invocation);
/// Narrows the query to the conversation that an alert is about: of the alerts in the EVE log at `path` that agree with the query the gravest,
/// then the earliest. Gives words for the result that say which. Fails with `not_found` where none agrees.
[[nodiscard]] Result<std::string> seed_by_alert(const Invocation& invocation, const std::string& path, trace::TraceQuery& query);
/// The bounds of the search by the settings. Fails when the background profile named (`--profile`) cannot be used.
[[nodiscard]] Result<trace::TraceOptions> trace_options(const Invocation& invocation);
/// The result in the format of the settings.
[[nodiscard]] std::string render_trace(const trace::TraceResult& result, const output::Context& context, const Invocation& invocation);

/// `trace --follow`: traces captures that are being written and interfaces again and again, tells when the leading trail
/// changes, and gives the whole result when it is stopped.
[[nodiscard]] Result<Outcome> follow_trace(const Invocation& invocation);

}  // namespace hw::app::command
