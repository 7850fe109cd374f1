#include "app/output/csv.hpp"
#include "app/output/json_parts.hpp"
#include "app/output/watch_output.hpp"
#include "base/json.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace hw::app::output {
namespace {
namespace watch_rendering {

void write_event(JsonWriter& json, route::Watcher::EventId id, const route::Event& event) {
    json.member("id", std::uint64_t{id}).member("kind", route::to_string(event.kind)).member("target", event.target).key("subject");
    if (event.subject.empty()) { json.null(); }
    else { json.value(event.subject); }
    json.member("start", to_rfc3339(event.start)).key("end");
    if (event.end) { json.value(to_rfc3339(*event.end)); }
    else { json.null(); }
    json.member("severity", rounded(event.severity)).key("signals").begin_array();
    for (const auto& s : event.signals) { json.begin_object().member("name", s.name).member("value", rounded(s.value)).member("text", s.text).end_object(); }
    json.end_array().key("causes").begin_array();
    for (const auto& c : event.causes) { json.begin_object().member("name", c.name).member("fit", route::to_string(c.fit)).member("because", c.because).end_object(); }
    json.end_array();
}

/// The short outages of an instability.
void write_parts(JsonWriter& json, route::Watcher::EventId id, const route::Watcher& watcher) {
    json.key("parts").begin_array();
    for (const auto& e : watcher.events()) {
        if (e.part_of != id) { continue; }
        json.begin_object().member("kind", route::to_string(e.kind)).member("start", to_rfc3339(e.start)).member("end", to_rfc3339(*e.end)).member("severity", rounded(e.severity)).end_object();
    }
    json.end_array();
}

void write_target(JsonWriter& json, const route::TargetWatch& target, const WatchView& view) {
    const route::Watcher& watcher = *view.watcher;
    json.begin_object().member("name", target.target().name).key("ases").begin_array();
    for (const net::Asn asn : target.target().ases) { json.value(std::uint64_t{asn.number()}); }
    json.end_array().key("prefixes").begin_array();
    for (const std::uint32_t member : target.members()) {
        const route::PrefixWatch& watch = watcher.watched(member);
        const auto tally = watch.tally(watcher.sessions());
        json.begin_object().member("prefix", net::to_string(watcher.presence().prefix(watch.id())));
        json.member("state", watch.unobserved() ? "unobserved" : watch.state() == route::PrefixWatch::State::up ? "up" : "down");
        json.key("since");
        if (watch.turned() == Time{}) { json.null(); }
        else { json.value(to_rfc3339(watch.turned())); }
        json.member("routers_with", tally.have).member("routers_of", tally.of).end_object();
    }
    json.end_array();
    if (view.series) {
        json.key("visibility").begin_array();
        for (const auto& p : target.series()) {
            json.begin_object().member("time", to_rfc3339(p.at)).member("down", std::uint64_t{p.down}).member("known", std::uint64_t{p.known}).member("share", rounded(p.share)).member("observed", p.observed).end_object();
        }
        json.end_array();
    }
    json.end_object();
}

}  // namespace watch_rendering
}  // namespace

std::vector<route::Watcher::EventId> shown_events(const route::Watcher& watcher) {
    std::vector<route::Watcher::EventId> ids;
    ids.reserve(watcher.events().size());
    for (std::size_t i = 0; i < watcher.events().size(); ++i) {
        if (!watcher.events()[i].part_of) { ids.push_back(i); }
    }
    std::ranges::stable_sort(ids, {}, [&](std::size_t i) { return watcher.events()[i].start; });
    return ids;
}

std::string watch_json(const WatchView& view, const Context& context, bool indented) {
    using namespace watch_rendering;
    const route::Watcher& watcher = *view.watcher;
    std::string out;
    JsonWriter json(out, indented ? 2 : 0);
    json.begin_object().member("schema", "headwater.watch/1");
    write_run_members(json, context);
    json.member("first", to_rfc3339(watcher.interval().from)).member("last", to_rfc3339(watcher.interval().to));
    json.member("routers", watcher.sessions().peers().size()).member("routers_counting", watcher.sessions().counting());
    json.member("prefixes", watcher.presence().size()).member("changes", watcher.changes());
    json.key("targets").begin_array();
    for (const auto& target : watcher.targets()) { write_target(json, target, view); }
    json.end_array().key("events").begin_array();
    for (const auto id : shown_events(watcher)) {
        json.begin_object();
        write_event(json, id, watcher.events()[id]);
        write_parts(json, id, watcher);
        json.end_object();
    }
    json.end_array();
    write_read_members(json, context);
    json.end_object();
    return out + "\n";
}

std::string watch_event_ndjson(route::Watcher::EventId id, const route::Event& event) {
    std::string out;
    JsonWriter json(out, 0);
    json.begin_object().member("schema", "headwater.watch.event/1");
    watch_rendering::write_event(json, id, event);
    json.key("part_of");
    if (event.part_of) { json.value(std::uint64_t{*event.part_of}); }
    else { json.null(); }
    json.end_object();
    return out;
}

std::string watch_ready_ndjson(const std::string& where) {
    std::string out;
    JsonWriter json(out, 0);
    json.begin_object().member("schema", "headwater.watch.ready/1").member("bmp", where).end_object();
    return out;
}

std::string watch_csv(const WatchView& view) {
    std::string out;
    append_csv(out, {"kind", "target", "subject", "start", "end", "severity"});
    for (const auto id : shown_events(*view.watcher)) {
        const route::Event& e = view.watcher->events()[id];
        append_csv(out, {std::string(route::to_string(e.kind)), e.target, e.subject, to_rfc3339(e.start), e.end ? to_rfc3339(*e.end) : "", fmt::format("{:.6g}", e.severity)});
    }
    return out;
}

}  // namespace hw::app::output
