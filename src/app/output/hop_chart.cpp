#include "app/output/pictures.hpp"
#include "app/output/time_axis.hpp"
#include "app/output/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hw::app::output {
namespace {
namespace hop_charts {

constexpr double kWidth = 1080;
constexpr double kHeight = 190;
constexpr double kLeft = 96;
constexpr double kRight = kWidth - 30;
constexpr double kMiddle = 82;
constexpr double kHalf = 66;
constexpr std::int64_t kMostColumns = 240;

/// Square roots of the packets in each column, moved in time by `shift`.
std::vector<double> columns_of(const flow::Flow& flow, flow::Direction half, Duration shift, const Interval& span, Duration column) {
    const auto count = static_cast<std::size_t>((span.to - span.from) / column + 1);
    std::vector<double> sums(count);
    for (const flow::ActivityBin& bin : flow.activity.bins(half)) {
        // A bin's packets lie anywhere in it; its middle errs least.
        const Time at = Time::from_micros(bin.index * flow.activity.width().count()) + flow.activity.width() / 2 + shift;
        if (!span.contains(at)) { continue; }
        sums[static_cast<std::size_t>((at - span.from) / column)] += bin.packets;
    }
    for (double& sum : sums) { sum = std::sqrt(sum); }
    return sums;
}

/// A staircase along the columns, `sign` 1 upward and -1 downward, the highest step at full height.
std::string staircase(const std::vector<double>& columns, const TimeAxis& axis, double sign, bool closed) {
    const double highest = columns.empty() ? 0.0 : *std::ranges::max_element(columns);
    const double scale = highest > 0 ? kHalf / highest : 0;
    const double step = (axis.right - axis.left) / static_cast<double>(std::max<std::size_t>(1, columns.size()));
    std::string path = fmt::format("M{:.1f} {:.1f}", axis.left, kMiddle);
    double before = kMiddle;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const double y = kMiddle - sign * columns[i] * scale;
        if (y != before) { path += fmt::format("V{:.1f}", y); }
        path += fmt::format("H{:.1f}", axis.left + step * static_cast<double>(i + 1));
        before = y;
    }
    path += fmt::format("V{:.1f}", kMiddle);
    return closed ? path + "Z" : path;
}

}  // namespace hop_charts
}  // namespace

flow::Direction towards_victim_in(const trace::Hop& hop) {
    if (hop.link.inbound->server.address == hop.relay) { return flow::Direction::request; }
    if (hop.link.inbound->client.address == hop.relay) { return flow::Direction::reply; }
    return hop.link.control == trace::Control::forward ? flow::Direction::request : flow::Direction::reply;
}

flow::Direction towards_victim_out(const trace::Hop& hop) {
    return hop.link.outbound->server.address == hop.relay ? flow::Direction::reply : flow::Direction::request;
}

bool has_course(const trace::Hop& hop) { return hop.link.inbound->activity.fine() && hop.link.outbound->activity.fine(); }

Interval hop_span(const trace::Hop& hop) {
    const Interval in = hop.link.inbound->interval();
    const Interval out = hop.link.outbound->interval();
    Interval span{std::max(in.from, out.from), std::min(in.to, out.to)};
    // Flows that do not live side by side (an order, then an action) are shown from the one's start to the other's end.
    if (span.to <= span.from) { span = {std::min(in.from, out.from), std::max(in.to, out.to)}; }
    if (span.to - span.from < std::chrono::seconds(1)) { span.to = span.from + std::chrono::seconds(1); }
    return span;
}

Interval busiest(const trace::Hop& hop, const Interval& span, Duration length) {
    if (span.to - span.from <= length) { return span; }
    const flow::Activity& activity = hop.link.outbound->activity;
    const auto bins = activity.bins(towards_victim_out(hop));
    double best = -1;
    Interval found{span.from, span.from + length};
    double inside = 0;
    std::size_t tail = 0;
    const auto at = [&](std::size_t i) { return Time::from_micros(bins[i].index * activity.width().count()); };
    for (std::size_t head = 0; head < bins.size(); ++head) {
        inside += std::sqrt(bins[head].packets);
        while (at(head) - at(tail) > length) { inside -= std::sqrt(bins[tail++].packets); }
        if (inside > best && at(tail) >= span.from && at(tail) + length <= span.to) {
            best = inside;
            found = {at(tail), at(tail) + length};
        }
    }
    return found;
}

std::string hop_chart(const trace::Hop& hop, const Interval& span) {
    using namespace hop_charts;
    const Duration bin = std::max(hop.link.inbound->activity.width(), hop.link.outbound->activity.width());
    const std::int64_t bins = (span.to - span.from) / bin + 1;
    const Duration column = bin * ((bins + kMostColumns - 1) / kMostColumns);
    const TimeAxis axis{span, kLeft, kRight};
    const auto in_way = towards_victim_in(hop);
    const auto out_way = towards_victim_out(hop);
    const auto& link = hop.link;
    // At the relay: what goes towards the victim leaves `lag_request` later, what comes back is passed on `lag_reply` later.
    const auto in_forth = columns_of(*link.inbound, in_way, link.lag_request, span, column);
    const auto in_back = columns_of(*link.inbound, flow::opposite(in_way), -link.lag_reply, span, column);
    const auto out_forth = columns_of(*link.outbound, out_way, Duration::zero(), span, column);
    const auto out_back = columns_of(*link.outbound, flow::opposite(out_way), Duration::zero(), span, column);

    std::string svg = fmt::format(
        "<svg class=\"chart\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"Activity of the two flows laid over each other: "
        "the control flow as filled areas, the action flow as a line\">", kWidth, kHeight);
    for (const Tick& tick : ticks(span, 9)) {
        const double x = axis.x(tick.time);
        svg += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"10\" y2=\"154\"/>"
                           "<text class=\"tick\" x=\"{0:.1f}\" y=\"170\">{1}</text>", x, tick.label);
    }
    svg += fmt::format("<text class=\"side\" x=\"{0:.0f}\" y=\"44\">towards</text><text class=\"side\" x=\"{0:.0f}\" y=\"59\">the victim</text>"
                       "<text class=\"side\" x=\"{0:.0f}\" y=\"114\">back to</text><text class=\"side\" x=\"{0:.0f}\" y=\"129\">the master</text>",
                       kLeft - 12);
    svg += fmt::format("<path class=\"in\" d=\"{}\"/><path class=\"in\" d=\"{}\"/>", staircase(in_forth, axis, 1, true),
                       staircase(in_back, axis, -1, true));
    svg += fmt::format("<path class=\"out\" d=\"{}\"/><path class=\"out\" d=\"{}\"/>", staircase(out_forth, axis, 1, false),
                       staircase(out_back, axis, -1, false));
    svg += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", kLeft, kRight, kMiddle);
    svg += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"186\">UTC</text></svg>", (kLeft + kRight) / 2);
    return svg;
}

std::string weight_scale(const trace::Link& link) {
    constexpr double kFrom = -10;
    constexpr double kTo = 50;
    constexpr double kScaleWidth = 520;
    const auto x = [&](double db) { return 10 + (std::clamp(db, kFrom, kTo) - kFrom) / (kTo - kFrom) * kScaleWidth; };
    struct Zone {
        double from;
        double to;
        const char* name;
    };
    constexpr std::array<Zone, 6> kZones{{{-10, -3, "against"}, {-3, 3, "nothing"}, {3, 10, "weak"}, {10, 20, "moderate"}, {20, 30, "strong"}, {30, 50, "very strong"}}};
    std::string svg = fmt::format("<svg class=\"scale\" viewBox=\"0 0 540 62\" role=\"img\" aria-label=\"Weight of the evidence: {}, {}\">",
                                  decibans_text(link.llr), strength(link.llr));
    for (std::size_t i = 0; i < kZones.size(); ++i) {
        const Zone& zone = kZones[i];
        svg += fmt::format("<rect class=\"zone z{}\" x=\"{:.1f}\" y=\"24\" width=\"{:.1f}\" height=\"14\"/>", i, x(zone.from), x(zone.to) - x(zone.from) - 1);
        svg += fmt::format("<text class=\"zname\" x=\"{:.1f}\" y=\"54\">{}</text>", (x(zone.from) + x(zone.to)) / 2, zone.name);
    }
    const double mark = x(link.llr.value());
    svg += fmt::format("<path class=\"mark\" d=\"M{0:.1f} 40L{1:.1f} 20H{2:.1f}Z\"/>", mark, mark - 6, mark + 6);
    const bool left = mark > 430;
    svg += fmt::format("<text class=\"value\" x=\"{:.1f}\" y=\"14\" text-anchor=\"{}\">{}</text></svg>", left ? mark + 6 : mark - 6,
                       left ? "end" : "start", decibans_text(link.llr));
    return svg;
}

}  // namespace hw::app::output
