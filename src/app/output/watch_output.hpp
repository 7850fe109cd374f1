#pragma once

#include "app/output/context.hpp"
#include "route/watch/watcher.hpp"

#include <string>
#include <vector>

namespace hw::app::output {

/// What a watch came to, to be shown.
struct WatchView {
    const route::Watcher* watcher = nullptr;
    bool series = false;  ///< With the course of visibility over time.
};

/// The events that stand for themselves, by their beginning: with their numbers.
[[nodiscard]] std::vector<route::Watcher::EventId> shown_events(const route::Watcher& watcher);

/// `headwater.watch/1`.
[[nodiscard]] std::string watch_json(const WatchView& view, const Context& context, bool indented);
/// One event a line.
[[nodiscard]] std::string watch_csv(const WatchView& view);
[[nodiscard]] std::string watch_table(const WatchView& view, const Context& context);
/// One event as it begins, deepens or ends, as JSON on one line: `headwater.watch.event/1`, with its number.
[[nodiscard]] std::string watch_event_ndjson(route::Watcher::EventId id, const route::Event& event);
/// That routers may connect now, and where: `headwater.watch.ready/1`.
[[nodiscard]] std::string watch_ready_ndjson(const std::string& where);
/// An event as it begins, deepens or ends, for who looks on: its beginning and the line below.
[[nodiscard]] std::string watch_event_told(const route::Event& event);
/// The same as one line for reading.
[[nodiscard]] std::string watch_event_line(const route::Event& event);
/// Visibility over time, one panel a target, with the events marked: SVG.
[[nodiscard]] std::string watch_svg(const WatchView& view, const Context& context);

}  // namespace hw::app::output
