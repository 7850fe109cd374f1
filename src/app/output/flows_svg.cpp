#include "app/output/flows_output.hpp"
#include "app/output/markup.hpp"
#include "app/output/time_axis.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hw::app::output {
namespace {
namespace series_picture {

constexpr double kWidth = 1080;
constexpr double kHeight = 360;
constexpr double kLeft = 92;
constexpr double kRight = kWidth - 40;
constexpr double kTop = 64;
constexpr double kBottom = kHeight - 46;
constexpr std::size_t kMostColumns = 960;  // about one a pixel: beyond, steps are put together

constexpr std::string_view kStyle =
    "svg{background:#fff;font:12px system-ui,\"DejaVu Sans\",sans-serif}text{fill:#1a232d}.soft{fill:#5a6673}.grid{stroke:#e6ebef}"
    ".axis{stroke:#5a6673}.up{fill:#2a7fae}.down{fill:#b4420c}.title{font-size:15px;font-weight:600}"
    "@media (prefers-color-scheme:dark){svg{background:#12171d}text{fill:#e4eaf0}.soft{fill:#9ba8b5}.grid{stroke:#252e38}.axis{stroke:#9ba8b5}"
    ".up{fill:#66b5e0}.down{fill:#ffab6b}}";

/// What one column shows: above the line and below it.
struct Column {
    double up = 0;
    double down = 0;
};

/// A step's, or the greatest of several steps put together: a peak must not vanish because the picture is narrow.
std::vector<Column> columns_of(const SeriesShown& shown) {
    const std::size_t together = (shown.steps.size() + kMostColumns - 1) / kMostColumns;
    std::vector<Column> columns(together == 0 ? 0 : (shown.steps.size() + together - 1) / together);
    for (std::size_t i = 0; i < shown.steps.size(); ++i) {
        const auto& step = shown.steps[i];
        Column& column = columns[i / together];
        switch (shown.measure) {
        case flow::FlowMeasure::bytes:
            column.up = std::max(column.up, static_cast<double>(step.request_bytes));
            column.down = std::max(column.down, static_cast<double>(step.reply_bytes));
            break;
        case flow::FlowMeasure::packets:
            column.up = std::max(column.up, static_cast<double>(step.request_packets));
            column.down = std::max(column.down, static_cast<double>(step.reply_packets));
            break;
        case flow::FlowMeasure::flows: column.up = std::max(column.up, static_cast<double>(step.alive)); break;
        }
    }
    return columns;
}

/// 1, 2 or 5 times a power of ten: the distance of at most `most` lines up to `highest`.
double grid_step(double highest, int most) {
    double step = std::pow(10.0, std::floor(std::log10(std::max(highest, 1.0) / most)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (highest / (step * factor) <= most) { return std::max(1.0, step * factor); }
    }
    return std::max(1.0, step * 10);
}

/// A staircase from the line `zero`, closed; `sign` 1 upward, -1 downward.
std::string staircase(const std::vector<Column>& columns, double Column::*value, double zero, double scale, double sign) {
    const double step = (kRight - kLeft) / static_cast<double>(std::max<std::size_t>(1, columns.size()));
    std::string path = fmt::format("M{:.1f} {:.1f}", kLeft, zero);
    double before = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const double height = columns[i].*value;
        // What is not nothing shows.
        const double drawn = height > 0 ? std::max(1.0, height * scale) : 0;
        if (drawn != before) { path += fmt::format("V{:.1f}", zero - sign * drawn); }
        path += fmt::format("H{:.1f}", kLeft + step * static_cast<double>(i + 1));
        before = drawn;
    }
    return path + fmt::format("V{:.1f}Z", zero);
}

std::string amount_text(flow::FlowMeasure measure, double value) {
    const auto whole = static_cast<std::uint64_t>(std::llround(value));
    return measure == flow::FlowMeasure::bytes ? human_bytes(whole) : human_count(whole);
}

}  // namespace series_picture
}  // namespace

std::string series_svg(const SeriesShown& shown, const Context& context) {
    using namespace series_picture;
    const auto columns = columns_of(shown);
    const bool two_sided = shown.measure != flow::FlowMeasure::flows;
    double up = 0;
    double down = 0;
    for (const Column& c : columns) {
        up = std::max(up, c.up);
        down = std::max(down, c.down);
    }
    const double range = std::max(up + down, 1.0);
    // Each side gets the room that its greatest column needs, on one scale, so that they can be compared by eye.
    const double scale = (kBottom - kTop) / range;
    const double zero = kTop + up * scale;
    const Time begin = shown.steps.empty() ? context.interval.from : shown.steps.front().begin;
    const Time end = shown.steps.empty() ? begin : shown.steps.back().begin + shown.width;
    const TimeAxis axis{{begin, end}, kLeft, kRight};

    const std::string subject = shown.filter.empty() ? "all flows" : shortened(shown.filter, 90);
    const std::string title = fmt::format("{} in steps of {}: {}", shown.measure == flow::FlowMeasure::flows ? "Flows alive" : shown.measure == flow::FlowMeasure::bytes ? "Bytes" : "Packets",
                                          human_duration(shown.width), subject);
    std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" role=\"img\" aria-label=\"{}\">", kWidth,
                                  kHeight, kWidth, kHeight, escaped(title));
    svg += fmt::format("<title>{}</title><style>{}</style>", escaped(title), kStyle);
    svg += fmt::format("<text class=\"title\" x=\"{:.0f}\" y=\"22\">{}</text>", 16.0, escaped(title));
    std::string below = fmt::format("{} flows, {}, {}. UTC, {} to {}.", grouped(shown.total.flows), counted(shown.total.packets(), "packet"), human_bytes(shown.total.bytes()),
                                    to_rfc3339(begin).substr(0, 19), to_rfc3339(end).substr(0, 19));
    if (!context.note.empty()) { below = shortened(context.note, 60) + ". " + below; }
    svg += fmt::format("<text class=\"soft\" x=\"16\" y=\"42\">{}</text>", escaped(below));
    if (two_sided) {
        svg += fmt::format("<rect class=\"up\" x=\"{0:.0f}\" y=\"13\" width=\"10\" height=\"10\"/><text x=\"{1:.0f}\" y=\"22\">requests, above</text>", kRight - 214, kRight - 200);
        svg += fmt::format("<rect class=\"down\" x=\"{0:.0f}\" y=\"13\" width=\"10\" height=\"10\"/><text x=\"{1:.0f}\" y=\"22\">replies, below</text>", kRight - 98, kRight - 84);
    }
    const double lines = grid_step(range, 6);
    const auto line = [&](double value, double sign) {
        const double y = zero - sign * value * scale;
        svg += fmt::format("<line class=\"{}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/><text class=\"soft\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                           value == 0 ? "axis" : "grid", kLeft, kRight, y, y, kLeft - 8, y + 4, amount_text(shown.measure, value));
    };
    for (double value = lines; value <= up; value += lines) { line(value, 1); }
    for (double value = lines; value <= down; value += lines) { line(value, -1); }
    for (const Tick& tick : ticks(axis.span, 10)) {
        const double x = axis.x(tick.time);
        svg += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/><text class=\"soft\" text-anchor=\"middle\" x=\"{0:.1f}\" y=\"{3:.1f}\">{4}</text>", x,
                           kTop, kBottom, kBottom + 18, tick.label);
    }
    svg += fmt::format("<path class=\"up\" d=\"{}\"/>", staircase(columns, &Column::up, zero, scale, 1));
    if (two_sided) { svg += fmt::format("<path class=\"down\" d=\"{}\"/>", staircase(columns, &Column::down, zero, scale, -1)); }
    line(0, 1);
    return svg + "</svg>\n";
}

}  // namespace hw::app::output
