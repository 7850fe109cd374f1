#include "app/output/markup.hpp"
#include "app/output/time_axis.hpp"
#include "app/output/watch_output.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace visibility_picture {

constexpr double kWidth = 1080;
constexpr double kLeft = 92;
constexpr double kRight = kWidth - 40;
constexpr double kHead = 78;
constexpr double kPanel = 272;
constexpr double kLane = 96;      ///< Height of a lane; a panel has two.
constexpr std::size_t kMostMarks = 40;

constexpr std::string_view kStyle =
    "svg{background:#fff;font:12px system-ui,\"DejaVu Sans\",sans-serif}text{fill:#1a232d}.soft{fill:#5a6673}.grid{stroke:#e6ebef}"
    ".axis{stroke:#5a6673}.seen{fill:#8fc1de;stroke:#2a7fae;stroke-width:1.2}.share{fill:none;stroke:#0a5c80;stroke-width:1.5}.title{font-size:15px;font-weight:600}"
    ".outage{fill:#b4420c;opacity:.16}.instability{fill:#d9a400;opacity:.2}.other{stroke:#b4420c;stroke-dasharray:4 3}.blind{fill:#5a6673;opacity:.14}.name{font-size:11px}"
    "@media (prefers-color-scheme:dark){svg{background:#12171d}text{fill:#e4eaf0}.soft{fill:#9ba8b5}.grid{stroke:#252e38}.axis{stroke:#9ba8b5}"
    ".seen{fill:#2d6484;stroke:#66b5e0}.share{stroke:#7cc6ea}.outage{fill:#ffab6b}.instability{fill:#ffdf95}.other{stroke:#ffab6b}}";

/// A staircase of the series' values from 0 (the lane's bottom) to 1.
template <typename Value>
std::string staircase(std::span<const route::VisibilityPoint> series, const TimeAxis& axis, double top, bool closed, const Value& value) {
    const auto y = [top](double v) { return top + kLane * (1 - std::clamp(v, 0.0, 1.0)); };
    std::string path;
    auto to = std::back_inserter(path);
    double before = -1;
    for (const auto& p : series) {
        const double x = axis.x(p.at);
        const double v = value(p);
        if (before < 0) { fmt::format_to(to, "M{:.1f} {:.1f}{}", x, closed ? y(0) : y(v), closed ? fmt::format("V{:.1f}", y(v)) : ""); }
        else if (v != before) { fmt::format_to(to, "H{:.1f}V{:.1f}", x, y(v)); }
        before = v;
    }
    if (path.empty()) { return path; }
    fmt::format_to(to, "H{:.1f}", axis.right);
    if (closed) { fmt::format_to(to, "V{:.1f}Z", y(0)); }
    return path;
}

void put_lane(std::string& svg, double top, std::string_view name, std::string_view highest) {
    auto to = std::back_inserter(svg);
    fmt::format_to(to, "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", kLeft, kRight, top);
    fmt::format_to(to, "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>", kLeft, kRight, top + kLane);
    fmt::format_to(to, "<text class=\"soft\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kLeft - 8, top + 4, highest);
    fmt::format_to(to, "<text class=\"soft\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">0</text>", kLeft - 8, top + kLane + 4);
    fmt::format_to(to, "<text class=\"soft name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", kLeft + 4, top - 4, name);
}

void put_events(std::string& svg, const route::TargetWatch& target, const route::Watcher& watcher, const TimeAxis& axis, double top, double bottom) {
    auto to = std::back_inserter(svg);
    std::size_t marks = 0;
    for (const auto& e : watcher.events()) {
        const bool everyones = e.kind == route::EventKind::collector_silent;
        if (e.part_of || (e.target != target.target().name && !everyones) || ++marks > kMostMarks) { continue; }
        const double from = axis.x(e.start), until = std::max(from + 1, axis.x(e.end.value_or(axis.span.to)));
        const std::string said = fmt::format("{} {} {}", route::to_string(e.kind), to_rfc3339(e.start).substr(0, 19), e.end ? "to " + to_rfc3339(*e.end).substr(0, 19) : std::string("on"));
        if (e.kind == route::EventKind::outage || e.kind == route::EventKind::instability || everyones) {
            const std::string_view style = everyones ? "blind" : e.kind == route::EventKind::outage ? "outage" : "instability";
            fmt::format_to(to, "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}</title></rect>", style, from, top, until - from, bottom - top, escaped(said));
            if (until - from > 60) { fmt::format_to(to, "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", from + 4, bottom - 6, route::to_string(e.kind)); }
        } else {
            fmt::format_to(to, "<line class=\"other\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"><title>{3}</title></line>", from, top, bottom, escaped(said + ": " + e.subject));
        }
    }
}

}  // namespace visibility_picture
}  // namespace

std::string watch_svg(const WatchView& view, const Context& context) {
    using namespace visibility_picture;
    const route::Watcher& watcher = *view.watcher;
    const double height = kHead + kPanel * static_cast<double>(std::max<std::size_t>(1, watcher.targets().size())) + 10;
    const TimeAxis axis{watcher.interval(), kLeft, kRight};
    const std::string title = "Visibility over time";
    std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" aria-label=\"{2}\">", kWidth, height, title);
    auto to = std::back_inserter(svg);
    fmt::format_to(to, "<title>{0}</title><style>{1}</style><text class=\"title\" x=\"16\" y=\"22\">{0}</text>", title, kStyle);
    const std::string below = fmt::format("UTC, {} to {}, as {} tell. Shaded: outages, instability and silences.", to_rfc3339(axis.span.from).substr(0, 19), to_rfc3339(axis.span.to).substr(0, 19), counted(watcher.sessions().peers().size(), "router"));
    fmt::format_to(to, "<text class=\"soft\" x=\"16\" y=\"42\">{}</text><text class=\"soft\" x=\"16\" y=\"60\">{}</text>", escaped(below), escaped(shortened(context.note, 150)));
    double top = kHead + 34;
    for (const auto& target : watcher.targets()) {
        std::uint32_t known = 1;
        for (const auto& p : target.series()) { known = std::max(known, p.known); }
        const double second = top + kLane + 18;
        fmt::format_to(to, "<text class=\"title\" x=\"16\" y=\"{:.1f}\">{}</text>", top - 22, escaped(shortened(target.target().name, 120)));
        put_events(svg, target, watcher, axis, top, second + kLane);
        for (const Tick& tick : ticks(axis.span, 10)) {
            fmt::format_to(to, "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/><text class=\"soft\" text-anchor=\"middle\" x=\"{0:.1f}\" y=\"{3:.1f}\">{4}</text>", axis.x(tick.time), top, second + kLane,
                           second + kLane + 14, tick.label == "00:00" ? to_rfc3339(tick.time).substr(0, 10) : tick.label);
        }
        put_lane(svg, top, "prefixes that can be reached", std::to_string(known));
        fmt::format_to(to, "<path class=\"seen\" d=\"{}\"/>", staircase(target.series(), axis, top, true, [known](const auto& p) { return static_cast<double>(p.known - p.down) / static_cast<double>(known); }));
        put_lane(svg, second, "share of the routers that have a route, mean over the prefixes", "1");
        fmt::format_to(to, "<path class=\"share\" d=\"{}\"/>", staircase(target.series(), axis, second, false, [](const auto& p) { return p.share; }));
        top += kPanel;
    }
    return svg + "</svg>\n";
}

}  // namespace hw::app::output
