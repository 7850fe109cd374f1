#include "app/output/watch_output.hpp"
#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace watch_table_detail {

/// `2014-12-22 16:15:07`: the times of routing data are worth seconds.
std::string moment(Time time) {
    std::string text = to_rfc3339(time).substr(0, 19);
    text[10] = ' ';
    return text;
}

std::string how_long(const route::Event& event) { return event.end ? human_duration(*event.end - event.start) : std::string("goes on"); }

std::string severity_text(const route::Event& event) {
    switch (event.kind) {
    case route::EventKind::outage: return fmt::format("severity {:.0f} (share of the prefixes x minutes)", event.severity);
    case route::EventKind::instability:
    case route::EventKind::session_down:
    case route::EventKind::collector_silent: return {};
    default: return fmt::format("{:.0f} % of the routers follow", 100 * event.severity);
    }
}

void put_event(std::string& out, const route::Event& event) {
    auto to = std::back_inserter(out);
    fmt::format_to(to, "\n{} UTC  {}\n", moment(event.start), watch_event_line(event));
    for (const auto& s : event.signals) { fmt::format_to(to, "    {}\n", printable(s.text)); }
    if (event.causes.empty()) { return; }
    out += "  What could explain it; routes alone cannot choose:\n";
    std::size_t widest = 0;
    for (const auto& c : event.causes) { widest = std::max(widest, c.name.size()); }
    for (const auto& c : event.causes) { fmt::format_to(to, "    {:<{}}  {:<14}  {}\n", c.name, widest, route::to_string(c.fit), printable(c.because)); }
}

}  // namespace watch_table_detail
}  // namespace

std::string watch_event_line(const route::Event& event) {
    using namespace watch_table_detail;
    std::string out = fmt::format("{}  {}", route::to_string(event.kind), printable(event.target));
    if (!event.subject.empty()) { fmt::format_to(std::back_inserter(out), "  {}", printable(event.subject)); }
    fmt::format_to(std::back_inserter(out), "  {}", event.end ? fmt::format("until {} ({})", moment(*event.end), how_long(event)) : "goes on");
    if (const auto severity = severity_text(event); !severity.empty()) { fmt::format_to(std::back_inserter(out), "  {}", severity); }
    return out;
}

std::string watch_event_told(const route::Event& event) { return fmt::format("{} UTC  {}", watch_table_detail::moment(event.start), watch_event_line(event)); }

std::string watch_table(const WatchView& view, const Context& context) {
    using namespace watch_table_detail;
    const route::Watcher& watcher = *view.watcher;
    std::string out;
    auto to = std::back_inserter(out);
    if (!context.note.empty()) { fmt::format_to(to, "{}\n\n", printable(context.note)); }
    for (const auto& target : watcher.targets()) {
        std::size_t down = 0, unobserved = 0;
        for (const std::uint32_t member : target.members()) {
            const auto& watch = watcher.watched(member);
            unobserved += watch.unobserved() ? 1 : 0;
            down += !watch.unobserved() && watch.state() == route::PrefixWatch::State::down ? 1 : 0;
        }
        fmt::format_to(to, "{}: {}, {} down at the end", printable(target.target().name), counted(target.members().size(), "prefix", "prefixes"), down);
        if (unobserved > 0) { fmt::format_to(to, ", {} that no router can tell of", unobserved); }
        out += target.members().empty() ? ": nobody announced any of it in these files\n" : "\n";
    }
    fmt::format_to(to, "watched {} to {} UTC through {} ({} count at the end), {} changes of {}\n", moment(watcher.interval().from), moment(watcher.interval().to), counted(watcher.sessions().peers().size(), "router"),
                   watcher.sessions().counting(), grouped(watcher.changes()), counted(watcher.presence().size(), "prefix", "prefixes"));
    if (watcher.events().empty()) { out += "\nno event\n"; }
    for (const auto id : shown_events(watcher)) { put_event(out, watcher.events()[id]); }
    return out;
}

}  // namespace hw::app::output
