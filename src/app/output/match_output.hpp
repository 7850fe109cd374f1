#pragma once

#include "app/output/context.hpp"
#include "trace/pair_search.hpp"

#include <string>

namespace hw::app::output {

/// `headwater.match/1`. `a` and `b` say what each side rests on; the run's own members are those of `a`.
[[nodiscard]] std::string match_json(const trace::BlindMatches& result, const Context& a, const Context& b);
/// One match a line, each with `"schema": "headwater.match.match/1"`.
[[nodiscard]] std::string match_ndjson(const trace::BlindMatches& result, const Context& a, const Context& b);
[[nodiscard]] std::string match_csv(const trace::BlindMatches& result, const Context& a, const Context& b);
[[nodiscard]] std::string match_table(const trace::BlindMatches& result, const Context& a, const Context& b, Colour colour);

/// The words of the JSON: `a-to-b`, `b-to-a`, and `-crossed` where what one flow's client says goes on as what the other's
/// server says.
[[nodiscard]] std::string_view to_string(trace::Passage passage);

}  // namespace hw::app::output
