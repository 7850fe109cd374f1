#pragma once

#include "app/command/invocation.hpp"
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

}  // namespace hw::app::command
