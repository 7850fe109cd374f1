#pragma once

#include "app/output/context.hpp"
#include "weigh/track_record.hpp"

#include <string>
#include <string_view>

namespace hw::app::output {

/// `weigh score` as table, json, ndjson or csv.
[[nodiscard]] std::string score_text(const weigh::TrackRecord& record, const Context& context, std::string_view format);

}  // namespace hw::app::output
