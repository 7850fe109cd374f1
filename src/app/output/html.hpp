#pragma once

#include "app/output/context.hpp"
#include "trace/trail.hpp"

#include <string>

namespace hw::app::output {

/// The report: one self-contained HTML page without scripts and without a request to anywhere. Everything that comes
/// from the input is escaped; a content security policy forbids the rest.
[[nodiscard]] std::string trace_html(const trace::TraceResult& result, const Context& context);

}  // namespace hw::app::output
