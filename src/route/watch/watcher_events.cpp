// How a watcher tells of what it found: the events' beginnings, their signals, their ends.
#include "route/watch/watcher.hpp"

#include "base/text.hpp"
#include "route/watch/leak.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::route {
namespace {
namespace watch_events {

constexpr Duration kAround = std::chrono::minutes(5);

double minutes_between(Time from, Time to) { return std::chrono::duration<double, std::ratio<60>>(to - from).count(); }

std::string subject_of(const Oddity& oddity) {
    switch (oddity.kind) {
    case EventKind::new_origin:
    case EventKind::more_specific:
    case EventKind::rpki_invalid: return fmt::format("{} announced by {}", net::to_string(oddity.prefix), net::to_string(oddity.asn));
    case EventKind::new_upstream: return fmt::format("{} reached through {}", net::to_string(oddity.other), net::to_string(oddity.asn));
    case EventKind::leak: return fmt::format("{} passes routes on to {}", net::to_string(oddity.asn), net::to_string(oddity.other));
    default: return {};
    }
}

/// What could explain an announcement. None is an accusation.
std::vector<Cause> causes_of_oddity(EventKind kind) {
    const auto open = [](std::string_view name, std::string_view because) { return Cause{.name = std::string(name), .fit = Fit::cannot_be_told, .because = std::string(because)}; };
    switch (kind) {
    case EventKind::new_origin:
    case EventKind::more_specific:
    case EventKind::rpki_invalid:
        return {open("agreed", "a customer, a second network of the same holder, or a service against floods announces it with the holder's leave; the holder knows"),
                open("mistake", "somebody's configuration announces what is not theirs"),
                open("taken", "somebody draws the traffic to themselves")};
    case EventKind::new_upstream:
        return {open("agreed", "a new contract, or a reserve that was brought in"), open("mistake", "routes are passed on that should not be"), open("forged", "the way was made up to look like one of the holder's")};
    case EventKind::leak:
        return {open("mistake", "a filter is missing"), open("agreed", "the relationships known are wrong or have changed"), open("taken", "somebody draws the traffic through their network")};
    default: return {};
    }
}

}  // namespace watch_events
}  // namespace

Watcher::EventId Watcher::begin(Event event) {
    events_.push_back(std::move(event));
    told(events_.size() - 1);
    return events_.size() - 1;
}

OutageFacts Watcher::facts_of(const TargetWatch& target) const {
    using namespace watch_events;
    OutageFacts facts;
    const TargetWatch::Outage& outage = *target.outage();
    const Interval around{outage.first_loss - kAround, outage.full + kAround};
    facts.prefixes_down = outage.depth;
    facts.prefixes_known = outage.known;
    facts.addresses = outage.addresses;
    facts.routers = sessions_.counting();
    std::set<Sessions::Id> without, with;
    std::map<net::Asn, std::size_t> upstreams;
    std::size_t voices = 0;
    std::optional<Interval> lost;
    for (const std::uint32_t member : target.members()) {
        const PrefixWatch& watch = watched_[member];
        if (watch.state() != PrefixWatch::State::down) { continue; }
        for (const auto& voice : watch.voices()) {
            if (voice.upstream != net::Asn()) {
                ++upstreams[voice.upstream];
                ++voices;
            }
            if (!sessions_.counts(voice.peer)) { continue; }
            (voice.has ? with : without).insert(voice.peer);
            if (voice.has || voice.since < outage.first_loss - kAround) { continue; }
            lost = lost ? Interval{std::min(lost->from, voice.since), std::max(lost->to, voice.since)} : Interval{voice.since, voice.since};
        }
    }
    facts.routers_without = static_cast<std::size_t>(std::ranges::count_if(without, [&](Sessions::Id id) { return !with.contains(id); }));
    if (lost) { facts.spread = lost->to - lost->from; }
    for (const auto& [asn, n] : upstreams) {
        const auto behind = presence_.fallen_behind(asn, around);
        OutageFacts::Upstream u{.asn = asn, .share = static_cast<double>(n) / static_cast<double>(voices), .behind = behind.known, .behind_dark = behind.dark};
        for (const std::uint32_t member : target.members()) {  // its own do not count
            const auto id = watched_[member].id();
            if (presence_.upstream(id) != asn) { continue; }
            if (u.behind > 0) { --u.behind; }
            if (u.behind_dark > 0 && presence_.went_dark(id, around)) { --u.behind_dark; }
        }
        facts.upstreams.push_back(u);
    }
    std::ranges::stable_sort(facts.upstreams, [](const auto& a, const auto& b) { return a.share > b.share; });
    const auto all = presence_.fallen(around);
    facts.others = all.known;
    facts.others_dark = all.dark;
    for (const std::uint32_t member : target.members()) {
        if (facts.others > 0) { --facts.others; }
        if (facts.others_dark > 0 && presence_.went_dark(watched_[member].id(), around)) { --facts.others_dark; }
    }
    facts.sessions_changed = static_cast<std::size_t>(std::ranges::count_if(recent_sessions_, [&](Time t) { return around.contains(t); }));
    facts.unstable = target.rate().alarmed();
    facts.unstable_since = target.rate().onset();
    facts.turns_before = target.rate().count();
    return facts;
}

void Watcher::write_outage(Event& event, const TargetWatch& target, Time now) const {
    const TargetWatch::Outage& outage = *target.outage();
    event.start = outage.start;
    event.end = outage.end;
    const double depth = static_cast<double>(outage.depth) / static_cast<double>(std::max<std::size_t>(outage.known, 1));
    event.severity = depth * watch_events::minutes_between(outage.start, outage.end.value_or(now));
}

void Watcher::take_news(std::uint32_t target, TargetWatch::News::Kind kind, Time now) {
    using Kind = TargetWatch::News::Kind;
    const TargetWatch& watch = targets_[target];
    const bool of_outage = kind == Kind::outage_began || kind == Kind::outage_deepened || kind == Kind::outage_ended;
    const auto slot = std::pair(target, of_outage ? Slot::outage : Slot::instability);
    if (of_outage) {
        if (kind == Kind::outage_began) {
            events_.push_back({.kind = EventKind::outage, .target = watch.target().name, .subject = {}, .start = {}, .end = {}, .severity = 0, .signals = {}, .causes = {}});
            open_[slot] = events_.size() - 1;
        }
        const EventId id = open_.at(slot);
        write_outage(events_[id], watch, now);
        if (kind == Kind::outage_ended) {
            open_.erase(slot);
            if (const auto unstable = open_.find({target, Slot::instability}); unstable != open_.end()) { fold(id, unstable->second); }
        } else {
            const OutageFacts facts = facts_of(watch);
            events_[id].signals = signals_of(facts);
            events_[id].causes = causes_of(facts);
        }
        told(id);
        return;
    }
    const RateCusum& rate = watch.rate();
    if (kind == Kind::unstable_began) {
        Event event{.kind = EventKind::instability, .target = watch.target().name, .subject = {}, .start = rate.onset(), .end = {}, .severity = 0, .signals = {}, .causes = {}};
        event.signals.push_back({"usual_per_day", rate.usual_before(), fmt::format("at most {:.1f} turns a day were usual before", rate.usual_before())});
        event.signals.push_back({"turns", static_cast<double>(rate.count()), fmt::format("{} since it began", counted(rate.count(), "turn"))});
        const EventId id = open_[slot] = begin(std::move(event));
        for (EventId e = 0; e < id; ++e) {
            const Event& earlier = events_[e];
            if (earlier.kind == EventKind::outage && earlier.target == watch.target().name && earlier.end && earlier.start >= events_[id].start - watch_events::kAround) { fold(e, id); }
        }
        return;
    }
    const EventId id = open_.at(slot);
    events_[id].end = rate.last();
    events_[id].signals.resize(std::max<std::size_t>(events_[id].signals.size(), 2));
    events_[id].signals[1] = {"turns", static_cast<double>(rate.count()), fmt::format("{} from beginning to end", counted(rate.count(), "turn"))};
    events_[id].severity = static_cast<double>(rate.count());
    open_.erase(slot);
    told(id);
}

void Watcher::fold(EventId outage, EventId instability) {
    using namespace watch_events;
    if (!events_[outage].end || *events_[outage].end - events_[outage].start >= kShortOutage) { return; }
    events_[outage].part_of = instability;
    std::size_t parts = 0;
    Duration longest{0};
    double deepest = 0;
    for (const Event& e : events_) {
        if (e.part_of != instability) { continue; }
        ++parts;
        longest = std::max(longest, *e.end - e.start);
        for (const Signal& s : e.signals) { deepest = s.name == "prefixes_down" ? std::max(deepest, s.value) : deepest; }
    }
    auto& signals = events_[instability].signals;
    signals.resize(2);
    signals.push_back({"short_outages", static_cast<double>(parts), fmt::format("{} in it, the longest {}, at most {:.0f} prefixes down", counted(parts, "short outage"), human_duration(longest), deepest)});
    told(instability);
}

void Watcher::take_changes(std::span<const Sightings::Change> changes) {
    using namespace watch_events;
    for (const auto& change : changes) {
        const std::size_t routers = std::max<std::size_t>(sessions_.counting(), 1);
        const double share = std::min(1.0, static_cast<double>(change.routers) / static_cast<double>(routers));
        Signal followers{"routers", static_cast<double>(change.routers), fmt::format("at most {} of {} that count follow it", counted(change.routers, "router"), routers)};
        if (change.begins) {
            Event event{.kind = change.oddity.kind, .target = targets_[change.oddity.target].target().name, .subject = subject_of(change.oddity), .start = change.at, .end = {}, .severity = share,
                        .signals = {std::move(followers)}, .causes = causes_of_oddity(change.oddity.kind)};
            open_oddities_[change.oddity] = begin(std::move(event));
            continue;
        }
        const auto open = open_oddities_.find(change.oddity);
        if (open == open_oddities_.end()) { continue; }
        Event& event = events_[open->second];
        event.end = change.at;
        event.severity = std::max(event.severity, share);
        event.signals.assign(1, followers);
        const EventId id = open->second;
        open_oddities_.erase(open);
        told(id);
    }
}

void Watcher::find_oddities(const net::Prefix& prefix, std::uint32_t watch, bool learning) {
    const net::Asn by = origin();
    const auto is_invalid = [&] { return options_.validate && options_.validate(prefix, by) == OriginValidity::invalid; };
    if (watch == kNone) {  // a part of what is watched?
        std::uint32_t around = kNone;
        watched_map_.for_each_match(prefix, [&](const net::Prefix& whole, std::uint32_t w) { around = whole != prefix ? w : around; });
        if (around == kNone || learning) { return; }
        const bool invalid = is_invalid();
        for (const std::uint32_t target : members_[around]) {
            if (!is_own(target, around, by)) { oddities_.push_back({.kind = EventKind::more_specific, .target = target, .prefix = prefix, .asn = by, .other = {}}); }
            if (invalid) { oddities_.push_back({.kind = EventKind::rpki_invalid, .target = target, .prefix = prefix, .asn = by, .other = {}}); }
        }
        return;
    }
    auto& known = known_origins_[watch];
    if (learning) { known.insert(by); }
    const auto leak = options_.graph == nullptr ? std::nullopt : find_leak(*options_.graph, path_, only_to_customer_);
    const bool invalid = is_invalid();
    for (const std::uint32_t target : members_[watch]) {
        const bool own = is_own(target, watch, by);
        if (!own) { oddities_.push_back({.kind = EventKind::new_origin, .target = target, .prefix = prefix, .asn = by, .other = {}}); }
        if (own && upstream() != net::Asn()) {
            if (learning) { known_upstreams_.insert({by, upstream()}); }
            else if (!known_upstreams_.contains({by, upstream()})) { oddities_.push_back({.kind = EventKind::new_upstream, .target = target, .prefix = {}, .asn = upstream(), .other = by}); }
        }
        if (leak) {
            const std::tuple key(target, leak->leaker, leak->to);
            if (learning) { known_leakers_.insert(key); }
            else if (!known_leakers_.contains(key)) { oddities_.push_back({.kind = EventKind::leak, .target = target, .prefix = {}, .asn = leak->leaker, .other = leak->to}); }
        }
        if (invalid) { oddities_.push_back({.kind = EventKind::rpki_invalid, .target = target, .prefix = prefix, .asn = by, .other = {}}); }
    }
}

void Watcher::look_for_oddities(Sessions::Id peer, Presence::PrefixId id, const net::Prefix& prefix, std::uint32_t watch, Time now, bool learning) {
    oddities_.clear();
    const bool known_part = watch == kNone && presence_.learnt(id) == origin();
    if (origin() != net::Asn() && !known_part) { find_oddities(prefix, watch, learning); }
    if (oddities_.empty() && !sightings_.any_of(id, peer)) { return; }
    sighted_.clear();
    const std::size_t enough = std::clamp<std::size_t>(sessions_.counting(), 1, std::max<std::size_t>(options_.least_routers, 1));
    sightings_.set(id, peer, oddities_, now, enough, sighted_);
    take_changes(sighted_);
}

}  // namespace hw::route
