#pragma once

#include "app/output/context.hpp"
#include "trace/trail.hpp"

#include <cstdint>
#include <string>

namespace hw::app::output {

/// `headwater.trace/1`: one JSON object and a line end.
[[nodiscard]] std::string trace_json(const trace::TraceResult& result, const Context& context);
/// One trail a line, each with `"schema": "headwater.trace.trail/1"` and its rank.
[[nodiscard]] std::string trace_ndjson(const trace::TraceResult& result, const Context& context);
/// One hop a line under a heading; a trail without hops is one line with an empty hop.
[[nodiscard]] std::string trace_csv(const trace::TraceResult& result, const Context& context);
/// For reading, at most 100 columns where the input's own names allow it.
[[nodiscard]] std::string trace_table(const trace::TraceResult& result, const Context& context, Colour colour);

/// The leading trail in a line, while more is coming: `192.0.2.9 ← 192.0.2.77 ← 198.51.100.4, ending there: source, likely`.
/// Equal where nothing worth telling has changed.
[[nodiscard]] std::string trace_update_line(const trace::TraceResult& result);
/// `headwater.trace.update/1`: the same for a program, with the newest packet's time and the packets and flows so far.
[[nodiscard]] std::string trace_update_ndjson(const trace::TraceResult& result, const Context& context, std::uint64_t records);

}  // namespace hw::app::output
