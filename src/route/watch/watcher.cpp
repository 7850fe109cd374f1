#include "route/watch/watcher.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::route {
namespace {
namespace watching {

constexpr Duration kShortestSilence = std::chrono::minutes(5);
constexpr std::int64_t kUnusualSilence = 50;     ///< Times the usual pause between messages.
constexpr std::uint64_t kFewestMessages = 100;   ///< Before which no pause is usual.
constexpr std::int64_t kMostTicks = 1000;        ///< For one message, however long the pause before it.
constexpr Duration kRecent = std::chrono::minutes(30);

std::string router_name(const Peer& peer) { return fmt::format("{} {}", net::to_string(peer.asn), net::to_string(peer.address)); }

}  // namespace watching
}  // namespace

Watcher::Watcher(std::vector<WatchTarget> targets, WatchOptions options, OnEvent on_event) : options_(std::move(options)), on_event_(std::move(on_event)) {
    targets_.reserve(targets.size());
    for (auto& target : targets) {
        const auto t = static_cast<std::uint32_t>(targets_.size());
        for (const net::Asn asn : target.ases) { by_asn_[asn].push_back(t); }
        for (const net::Prefix& prefix : target.prefixes) { by_prefix_[prefix].push_back(t); }
        targets_.emplace_back(std::move(target));
    }
    dirty_.resize(targets_.size());
}

bool Watcher::table(const TableRoute& route) {
    see(route.dumped, true);
    take_path(route.attributes->attributes);
    announced(sessions_.id_of(route.peer), route.route.prefix, route.dumped, true);
    return true;
}

bool Watcher::update(const PeerUpdate& told) {
    see(told.time, false);
    const Sessions::Id peer = sessions_.id_of(told.peer);
    const auto gone = [&](const bgp::Nlri& route) { withdrawn(peer, route.prefix, told.time); };
    told.update->each_withdrawn(gone);
    if (told.update->fate >= bgp::Fate::withdraw) {
        told.update->each_announced(gone);
        return true;
    }
    bool taken = false;
    told.update->each_announced([&](const bgp::Nlri& route) {
        if (!std::exchange(taken, true)) { take_path(told.update->attributes); }
        announced(peer, route.prefix, told.time, false);
    });
    return true;
}

bool Watcher::state(const StateChange& change) {
    see(change.time, false);
    if (const auto changed = sessions_.told(change)) { on_session(*changed); }
    return true;
}

void Watcher::see(Time time, bool from_table) {
    if (from_table) {
        now_ = std::max(now_, time);
        return;
    }
    if (messages_ == 0) { first_ = time; }
    const Duration pause = time - now_;
    if (messages_ >= watching::kFewestMessages && pause >= watching::kShortestSilence && pause >= watching::kUnusualSilence * (now_ - first_) / static_cast<std::int64_t>(messages_)) {
        Event event{.kind = EventKind::collector_silent, .target = "all routers", .subject = {}, .start = now_, .end = time, .severity = 1, .signals = {}, .causes = {}};
        const double minutes = std::chrono::duration<double, std::ratio<60>>(pause).count();
        event.signals.push_back({"silent_min", minutes, fmt::format("nothing came for {:.0f} minutes; what happened in them cannot be told", minutes)});
        begin(std::move(event));
    }
    ++messages_;
    advance(time);
}

void Watcher::advance(Time now) {
    if (ticked_ == Time{}) { ticked_ = now; }
    if (now > now_) { now_ = now; }
    const Duration step = std::max<Duration>(Sessions::kTick, (now - ticked_) / watching::kMostTicks);
    while (ticked_ + step <= now) {
        ticked_ = ticked_ + step;
        tick(ticked_);
    }
}

void Watcher::tick(Time now) {
    sessions_.tick(now, [&](const Sessions::Change& change) { on_session(change); });
    const auto restless = std::exchange(restless_, {});
    for (const std::uint32_t watch : restless) {
        is_restless_[watch] = false;
        changed(watch, now, false);
    }
    const auto dirty = std::exchange(dirty_list_, {});
    for (const std::uint32_t target : dirty) {
        dirty_[target] = false;
        judge(target, now);
    }
}

void Watcher::take_path(const bgp::Attributes& attributes) {
    attributes.as_path(as_path_);
    path_.clear();
    const bool to_set = !as_path_.segments.empty() && as_path_.segments.back().kind == bgp::SegmentKind::set;
    for (std::size_t s = 0; s < as_path_.segments.size() && !to_set; ++s) {
        if (as_path_.segments[s].kind != bgp::SegmentKind::sequence) { continue; }
        for (const net::Asn asn : as_path_.of(s)) {
            if (path_.empty() || path_.back() != asn) { path_.push_back(asn); }
        }
    }
    only_to_customer_ = attributes.only_to_customer;
    const auto of = by_asn_.find(origin());
    origin_targets_ = of == by_asn_.end() ? nullptr : &of->second;
}

bool Watcher::is_own(std::uint32_t target, std::uint32_t watch, net::Asn asn) const {
    const auto of = by_asn_.find(asn);
    if (of != by_asn_.end() && std::ranges::find(of->second, target) != of->second.end()) { return true; }
    const auto known = known_origins_.find(watch);
    return known != known_origins_.end() && known->second.contains(asn);
}

std::uint32_t Watcher::watch_for(Presence::PrefixId id, const net::Prefix& prefix, Time now, bool from_table, bool learning) {
    if (watch_of_.size() <= id) { watch_of_.resize(id + 1, kNone); }
    std::uint32_t watch = watch_of_[id];
    const auto belongs = [&](std::uint32_t target) {
        if (watch == kNone) {
            watch = watch_of_[id] = static_cast<std::uint32_t>(watched_.size());
            watched_.emplace_back(id, from_table ? Time{} : now);
            members_.emplace_back();
            is_restless_.push_back(false);
            watched_map_.insert_or_assign(prefix, watch);
            if (origin() != net::Asn()) { known_origins_[watch].insert(origin()); }
        }
        if (std::ranges::find(members_[watch], target) != members_[watch].end()) { return; }
        members_[watch].push_back(target);
        targets_[target].add(watch);
    };
    if (origin_targets_ != nullptr) {
        for (const std::uint32_t target : *origin_targets_) { belongs(target); }
    }
    if (by_prefix_.empty()) { return watch; }
    by_prefix_.for_each_match(prefix, [&](const net::Prefix& whole, const Targets& of) {
        bool own = learning || whole == prefix;
        if (!own) {  // a part is the target's where those announce it who announce what it lies in
            watched_map_.for_each_match(prefix, [&](const net::Prefix&, std::uint32_t around) { own = own || (known_origins_.contains(around) && known_origins_[around].contains(origin())); });
        }
        if (!own) { return; }
        for (const std::uint32_t target : of) { belongs(target); }
    });
    return watch;
}

void Watcher::announced(Sessions::Id peer, const net::Prefix& prefix, Time now, bool from_table) {
    ++changes_;
    const bool learning = from_table || now < first_ + options_.learn;
    const auto id = presence_.id_of(prefix);
    if (presence_.add(id, peer, upstream())) { sessions_.gained(peer); }
    if (learning) { presence_.learn(id, origin()); }
    const std::uint32_t watch = watch_for(id, prefix, now, from_table, learning);
    if (watch != kNone) {
        (void)watched_[watch].announce(peer, origin(), upstream(), now);
        if (from_table) { keep_looking(watch); }
        else { changed(watch, now, false); }
    }
    look_for_oddities(peer, id, prefix, watch, now, learning);
}

void Watcher::withdrawn(Sessions::Id peer, const net::Prefix& prefix, Time now) {
    ++changes_;
    const auto id = presence_.find(prefix);
    if (id == Presence::kNone || !presence_.remove(id, peer, now)) { return; }
    sessions_.lost(peer);
    const std::uint32_t watch = id < watch_of_.size() ? watch_of_[id] : kNone;
    if (watch != kNone && watched_[watch].withdraw(peer, now)) { changed(watch, now, false); }
    if (sightings_.any_of(id, peer)) {
        sighted_.clear();
        sightings_.set(id, peer, {}, now, 1, sighted_);
        take_changes(sighted_);
    }
}

void Watcher::keep_looking(std::uint32_t watch) {
    for (const std::uint32_t target : members_[watch]) { make_dirty(target); }
    if (is_restless_[watch]) { return; }
    is_restless_[watch] = true;
    restless_.push_back(watch);
}

void Watcher::make_dirty(std::uint32_t target) {
    if (dirty_[target]) { return; }
    dirty_[target] = true;
    dirty_list_.push_back(target);
}

void Watcher::changed(std::uint32_t watch, Time now, bool quietly) {
    PrefixWatch& prefix = watched_[watch];
    const auto turn = prefix.update(sessions_, now, quietly);
    for (const std::uint32_t target : members_[watch]) {
        make_dirty(target);
        if (!turn) { continue; }
        news_.clear();
        targets_[target].turned(*turn, news_);
        for (const auto& n : std::exchange(news_, {})) { take_news(target, n.kind, now); }
    }
    if (prefix.restless()) { keep_looking(watch); }
}

void Watcher::all_changed(Time now) {
    for (std::uint32_t watch = 0; watch < watched_.size(); ++watch) { changed(watch, now, true); }
}

void Watcher::on_session(const Sessions::Change& change) {
    using State = Sessions::State;
    const Time now = change.at;
    recent_sessions_.push_back(now);
    std::erase_if(recent_sessions_, [&](Time t) { return now - t > watching::kRecent; });
    if (change.after == State::down) {
        presence_.remove_all(change.id, [&](Presence::PrefixId id) {
            if (id < watch_of_.size() && watch_of_[id] != kNone) { (void)watched_[watch_of_[id]].withdraw(change.id, now); }
        });
        sessions_.forget_routes(change.id);
        sighted_.clear();
        sightings_.forget(change.id, now, sighted_);
        take_changes(sighted_);
    }
    all_changed(now);
    const auto open = session_events_.find(change.id);
    if ((change.after == State::down || change.after == State::fallen) && open == session_events_.end()) {
        Event event{.kind = EventKind::session_down, .target = watching::router_name(sessions_.peers()[change.id]), .subject = {}, .start = change.since, .end = {}, .severity = 0, .signals = {}, .causes = {}};
        event.signals.push_back({"fallen", change.after == State::fallen ? 1.0 : 0.0,
                                 change.after == State::fallen ? "most of its routes went within minutes, without a word that the session ended" : "the collector recorded that the session ended"});
        session_events_[change.id] = begin(std::move(event));
    } else if (change.after == State::counts && open != session_events_.end()) {
        events_[open->second].end = now;
        told(open->second);
        session_events_.erase(open);
    }
}

void Watcher::judge(std::uint32_t target, Time now) {
    TargetWatch& watch = targets_[target];
    news_.clear();
    watch.judge(look_at(target, now), now, news_);
    for (const auto& n : std::exchange(news_, {})) { take_news(target, n.kind, now); }
    const bool on = (watch.outage() && !watch.outage()->end) || watch.rate().alarmed();
    if (on) { make_dirty(target); }
}

TargetWatch::Look Watcher::look_at(std::uint32_t target, Time now) const {
    constexpr Duration kMature = std::chrono::minutes(10);
    TargetWatch::Look look;
    double shares = 0;
    std::size_t told = 0;
    for (const std::uint32_t member : targets_[target].members()) {
        const PrefixWatch& watch = watched_[member];
        const net::Prefix& prefix = presence_.prefix(watch.id());
        const bool down = watch.state() == PrefixWatch::State::down;
        if ((down ? watch.turned() : now) - watch.known_since() < kMature) { continue; }
        ++look.known;
        const double addresses = prefix.is_v4() ? static_cast<double>(std::uint64_t{1} << (32 - prefix.length())) : 0;
        look.addresses += addresses;
        look.observed = look.observed || !watch.unobserved();
        if (const auto tally = watch.tally(sessions_); tally.of > 0) {
            shares += static_cast<double>(tally.have) / static_cast<double>(tally.of);
            ++told;
        }
        if (!down) {
            if (watch.turned() != watch.known_since() && (!look.last_return || watch.turned() > *look.last_return)) { look.last_return = watch.turned(); }
            continue;
        }
        bool covered = false;
        watched_map_.for_each_match(prefix, [&](const net::Prefix& around, std::uint32_t other) {
            covered = covered || (around != prefix && watched_[other].state() == PrefixWatch::State::up && std::ranges::find(members_[other], target) != members_[other].end());
        });
        if (covered) { continue; }
        ++look.down;
        look.missed += watch.missed(now) ? 1 : 0;
        look.addresses_down += addresses;
        look.turns.push_back(watch.turned());
    }
    std::ranges::sort(look.turns);
    look.share = told == 0 ? 0 : shares / static_cast<double>(told);
    return look;
}

bool Watcher::restore() {
    constexpr Time kLatest = Time::from_micros(std::int64_t{0xffff'ffff} * 1'000'000 * 4);  // no clock of 32 bits comes near it
    const bool clock = Time{} <= first_ && Time{} <= ticked_ && ticked_ <= now_ && first_ <= now_ && now_ <= kLatest;
    if (!clock || !sessions_.restore() || !presence_.restore() || watch_of_.size() > presence_.size() || members_.size() != watched_.size()) { return false; }
    const auto is_event = [this](EventId id) { return id < events_.size(); };
    const auto is_open = [this](EventId id) { return id < events_.size() && !events_[id].part_of; };
    const auto is_watch = [this](std::uint32_t watch) { return watch < watched_.size(); };
    const auto is_target = [this](std::uint32_t target) { return target < targets_.size(); };
    const auto all = [](const auto& values, const auto& holds) { return std::ranges::all_of(values, holds); };
    bool sound = all(watch_of_, [&](std::uint32_t w) { return w == kNone || is_watch(w); });
    sound = sound && all(watched_, [&](const PrefixWatch& w) { return w.id() < presence_.size() && all(w.voices(), [&](const auto& v) { return v.peer < sessions_.peers().size(); }); });
    sound = sound && all(members_, [&](const Targets& of) { return all(of, is_target); });
    sound = sound && all(targets_, [&](const TargetWatch& t) { return all(t.members(), is_watch); });
    for (std::uint32_t t = 0; t < targets_.size(); ++t) {  // what goes on has its event, and nothing else has
        const bool out = targets_[t].outage() && !targets_[t].outage()->end;
        sound = sound && out == open_.contains({t, Slot::outage}) && targets_[t].rate().alarmed() == open_.contains({t, Slot::instability});
    }
    sound = sound && all(open_, [&](const auto& o) { return is_target(o.first.first) && is_open(o.second); });
    sound = sound && all(open_oddities_, [&](const auto& o) { return is_target(o.first.target) && is_open(o.second); });
    sound = sound && all(session_events_, [&](const auto& o) { return o.first < sessions_.peers().size() && is_open(o.second); });
    sound = sound && all(events_, [&](const Event& e) { return !e.part_of || (is_event(*e.part_of) && e.end); });
    sound = sound && sightings_.targets_below(static_cast<std::uint32_t>(targets_.size()));
    sound = sound && all(restless_, is_watch) && all(dirty_list_, is_target);
    if (!sound) { return false; }
    watched_map_ = {};
    for (std::uint32_t watch = 0; watch < watched_.size(); ++watch) { watched_map_.insert_or_assign(presence_.prefix(watched_[watch].id()), watch); }
    is_restless_.assign(watched_.size(), false);
    for (const std::uint32_t watch : restless_) { is_restless_[watch] = true; }
    dirty_.assign(targets_.size(), false);
    for (const std::uint32_t target : dirty_list_) { dirty_[target] = true; }
    return true;
}

}  // namespace hw::route
