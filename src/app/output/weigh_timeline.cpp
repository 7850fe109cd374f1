// The time line of the assessment's page.
#include "app/output/markup.hpp"
#include "app/output/time_axis.hpp"
#include "app/output/weigh_pictures.hpp"
#include "app/output/weigh_words.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace time_line {

constexpr double kWidth = 1080;
constexpr double kRow = 26;
constexpr double kLabel = 300;
constexpr double kRight = kWidth - 160;  ///< Room for `met, due 2014-12-25` beside the last.
/// Rows of one sort; a page is read by people.
constexpr std::size_t kMostRows = 12;

/// One row: moments, a stretch, a deadline.
struct Row {
    std::string label;
    std::vector<std::pair<Time, std::string>> moments;  ///< With what is shown for each when pointed at.
    std::optional<Interval> stretch;
    std::string about;                                  ///< Of the stretch.
    std::optional<Time> due;
    bool met = false;                                   ///< Whether what was due was done.
};

void keep(std::vector<Row>& rows, std::vector<Row> more, std::string_view called) {
    const std::size_t left = more.size() > kMostRows ? more.size() - kMostRows : 0;
    if (left > 0) { more.resize(kMostRows); }
    std::ranges::move(more, std::back_inserter(rows));
    if (left > 0) { rows.push_back({.label = fmt::format("({} more {})", left, called), .moments = {}, .stretch = {}, .about = {}, .due = {}}); }
}

/// From when it was made to when it is due.
Row row_of(std::string label, std::string about, std::optional<Time> made, std::optional<Time> due, bool met) {
    Row row{.label = std::move(label), .moments = {}, .stretch = {}, .about = std::move(about), .due = due, .met = met};
    if (made) { row.moments.emplace_back(*made, row.about); }
    if (made && due && *made < *due) { row.stretch = Interval{*made, *due}; }
    return row;
}

std::vector<Row> rows_of(const WeighView& view) {
    using weigh_words::origin_name;
    std::vector<Row> rows, damages, threats, asked;
    for (const auto& [id, damage] : view.records.damages) {
        if (!damage.from) { continue; }
        Row row{.label = "damage: " + damage.words, .moments = {}, .stretch = Interval{*damage.from, std::max(*damage.from, damage.to.value_or(*damage.from))}, .about = damage.words, .due = {}};
        damages.push_back(std::move(row));
    }
    for (const auto& item : view.evidence.items) {
        if (item.due) { threats.push_back(row_of("threat: " + item.words, item.words, item.seen ? item.seen : item.fact, item.due, false)); }
    }
    for (const auto& [id, request] : view.records.requests) {
        if (request.asked || request.due) { asked.push_back(row_of("request: " + request.words, request.words, request.asked, request.due ? request.due : request.answered, !request.answer.empty())); }
    }
    for (const auto& [id, promise] : view.records.commitments) {
        if (promise.promised || promise.due) { asked.push_back(row_of("promise: " + promise.words, promise.words, promise.promised, promise.due, !promise.done.empty())); }
    }
    std::map<std::string, Row> by_origin;
    for (const auto& item : view.evidence.items) {
        const auto when = item.fact ? item.fact : item.seen;
        if (!when || item.due) { continue; }
        Row& row = by_origin[item.who];
        row.label = origin_name(view, item.who);
        row.moments.emplace_back(*when, item.id + ": " + item.words);
    }
    std::vector<Row> origins;
    origins.reserve(by_origin.size());
    for (auto& [who, row] : by_origin) { origins.push_back(std::move(row)); }
    std::ranges::stable_sort(origins, std::greater(), [](const Row& row) { return row.moments.size(); });
    keep(rows, std::move(damages), "of damage");
    keep(rows, std::move(threats), "threats");
    keep(rows, std::move(asked), "requests and promises");
    keep(rows, std::move(origins), "who said or saw something");
    return rows;
}

std::optional<Interval> span_of(const std::vector<Row>& rows) {
    std::optional<Interval> span;
    const auto take = [&](Time time) {
        if (!span) { span = Interval{time, time}; }
        span->from = std::min(span->from, time);
        span->to = std::max(span->to, time);
    };
    for (const Row& row : rows) {
        for (const auto& [time, about] : row.moments) { take(time); }
        if (row.stretch) { take(row.stretch->from); take(row.stretch->to); }
        if (row.due) { take(*row.due); }
    }
    if (span && span->from == span->to) {  // one moment stands in the middle of a day
        constexpr std::chrono::hours kHalfDay(12);
        span = Interval{span->from - kHalfDay, span->to + kHalfDay};
    }
    return span;
}

void draw(std::string& svg, const Row& row, double y, const TimeAxis& axis) {
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<text x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLabel - 12, y + 4, escaped(shortened(row.label, 40)));
    if (row.stretch) {
        const double from = axis.x(row.stretch->from);
        fmt::format_to(out, "<rect class=\"in\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"8\" rx=\"3\"><title>{}</title></rect>", from, y - 4, std::max(3.0, axis.x(row.stretch->to) - from), escaped(shortened(row.about, 200)));
    }
    for (const auto& [time, about] : row.moments) { fmt::format_to(out, "<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{} {}</title></circle>", axis.x(time), y, to_rfc3339(time).substr(0, 10), escaped(shortened(about, 200))); }
    if (!row.due) { return; }
    const double x = axis.x(*row.due);
    fmt::format_to(out, "<line class=\"axis\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>", x, y - 9, y + 9);
    fmt::format_to(out, "<text class=\"value\" x=\"{:.1f}\" y=\"{:.1f}\">{} {}</text>", x + 6, y + 4, row.met ? "met, due" : "due", to_rfc3339(*row.due).substr(0, 10));
}

}  // namespace time_line
}  // namespace

std::string timeline_picture(const WeighView& view) {
    using namespace time_line;
    const auto rows = rows_of(view);
    const auto span = span_of(rows);
    if (!span) { return {}; }
    const TimeAxis axis{.span = *span, .left = kLabel, .right = kRight};
    const double height = kRow * static_cast<double>(rows.size()) + 34;
    std::string svg = fmt::format("<svg class=\"chart\" viewBox=\"0 0 {:g} {:g}\" role=\"img\" aria-label=\"when what was said, seen, lost and is due\">", kWidth, height);
    constexpr std::size_t kTicks = 7;
    for (const Tick& tick : ticks(*span, kTicks)) {
        fmt::format_to(std::back_inserter(svg), "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"4\" y2=\"{1:.1f}\"/><text class=\"tick\" x=\"{0:.1f}\" y=\"{2:.1f}\">{3}</text>", axis.x(tick.time), height - 26, height - 10, escaped(tick.label));
    }
    double y = kRow / 2 + 4;
    for (const Row& row : rows) {
        draw(svg, row, y, axis);
        y += kRow;
    }
    return svg + "</svg>";
}

}  // namespace hw::app::output
