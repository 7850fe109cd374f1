#pragma once

#include "app/output/context.hpp"
#include "trace/profile.hpp"

#include <string>

namespace hw::app::output {

/// `headwater.calibrate/1`: what was learnt and what it rests on; the profile itself stands in the file at `path`.
[[nodiscard]] std::string calibrate_json(const trace::Profile& profile, const std::string& path, const Context& context);
/// One class a line, each with `"schema": "headwater.calibrate.class/1"`.
[[nodiscard]] std::string calibrate_ndjson(const trace::Profile& profile);
/// One class a line.
[[nodiscard]] std::string calibrate_csv(const trace::Profile& profile);
[[nodiscard]] std::string calibrate_table(const trace::Profile& profile, const std::string& path, const Context& context);

}  // namespace hw::app::output
