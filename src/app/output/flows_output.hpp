#pragma once

#include "app/output/context.hpp"
#include "flow/aggregate.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace hw::app::output {

/// The flows that were asked for: those shown, and what all that passed carried together.
struct FlowsShown {
    std::vector<const flow::Flow*> flows;
    flow::FlowTotals total;
    /// With `--once`: all observers of the conversations that several saw.
    std::map<const flow::Flow*, std::vector<flow::ObserverId>> observers = {};
    std::uint64_t copies = 0;  ///< With `--once`: flows left out, as another observer's of the same conversation count.
};

/// `headwater.flows/1`, and its other forms.
[[nodiscard]] std::string flows_json(const FlowsShown& shown, const Context& context);
/// One flow a line.
[[nodiscard]] std::string flows_ndjson(const FlowsShown& shown, const Context& context);
[[nodiscard]] std::string flows_csv(const FlowsShown& shown, const Context& context);
[[nodiscard]] std::string flows_table(const FlowsShown& shown, const Context& context);
/// The columns of `nfdump -B -o biline`: `In` is what the source sent, `Out` what came back. Plain numbers, times in UTC.
[[nodiscard]] std::string flows_nfdump(const FlowsShown& shown, const Context& context);

/// Flows added up: `headwater.flows.groups/1`.
struct GroupsShown {
    std::vector<flow::GroupBy> by;
    flow::FlowMeasure order{};
    std::vector<flow::FlowGroup> groups;
    std::size_t groups_total = 0;  ///< Also those that are not shown.
    flow::FlowTotals total;        ///< Of all flows, each once.
    std::uint64_t copies = 0;
};
[[nodiscard]] std::string groups_json(const GroupsShown& shown, const Context& context);
/// One group a line.
[[nodiscard]] std::string groups_ndjson(const GroupsShown& shown, const Context& context);
[[nodiscard]] std::string groups_csv(const GroupsShown& shown, const Context& context);
[[nodiscard]] std::string groups_table(const GroupsShown& shown, const Context& context);

/// Flows over time: `headwater.flows.series/1`.
struct SeriesShown {
    Duration width{};
    flow::FlowMeasure measure{};  ///< What the bars and the picture show.
    std::vector<flow::SeriesStep> steps;
    flow::FlowTotals total;
    std::string filter;           ///< As it was understood; empty: none.
    std::uint64_t copies = 0;
};
[[nodiscard]] std::string series_json(const SeriesShown& shown, const Context& context);
/// One step a line.
[[nodiscard]] std::string series_ndjson(const SeriesShown& shown, const Context& context);
[[nodiscard]] std::string series_csv(const SeriesShown& shown, const Context& context);
/// A line a step, with a bar.
[[nodiscard]] std::string series_table(const SeriesShown& shown, const Context& context);
/// The same as a picture, on its own: requests above the line, replies below; of flows, those alive.
[[nodiscard]] std::string series_svg(const SeriesShown& shown, const Context& context);

/// `bytes`, `packets`, `flows`.
[[nodiscard]] std::string_view to_string(flow::FlowMeasure measure);

}  // namespace hw::app::output
