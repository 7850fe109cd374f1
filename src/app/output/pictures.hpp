#pragma once

#include "app/output/context.hpp"
#include "trace/trail.hpp"

#include <string>

/// The report's pictures: inline SVG, styled by the report's style sheet.
namespace hw::app::output {

/// A trail as a layered graph, time running along it: one lane a host from the victim to the farthest known, flows as
/// strips between lanes with their activity, links at the relays dashed because they are inferred. Times are corrected by
/// the observers' clock offsets.
[[nodiscard]] std::string trail_picture(const trace::Trail& trail, std::span<const trace::ClockOffset> clocks, const Context& context);

/// The two flows of a hop laid over each other at the lag found: what travelled towards the victim above, what came back
/// mirrored below; the control flow filled, the action flow as a line. `span`: the part of time shown.
[[nodiscard]] std::string hop_chart(const trace::Hop& hop, const Interval& span);
/// The whole time in which both flows of a hop lived, by the activity of the action flow.
[[nodiscard]] Interval hop_span(const trace::Hop& hop);
/// The part of `span`, of this length, in which the action flow was busiest.
[[nodiscard]] Interval busiest(const trace::Hop& hop, const Interval& span, Duration length);
/// Whether both flows have a course over time to draw.
[[nodiscard]] bool has_course(const trace::Hop& hop);

/// The weight of a link on the verbal scale, its channels marked.
[[nodiscard]] std::string weight_scale(const trace::Link& link);

/// Which half of a flow carries what goes towards the victim, seen at the relay: of the control flow what comes in, of the
/// action flow what leaves.
[[nodiscard]] flow::Direction towards_victim_in(const trace::Hop& hop);
[[nodiscard]] flow::Direction towards_victim_out(const trace::Hop& hop);

}  // namespace hw::app::output
