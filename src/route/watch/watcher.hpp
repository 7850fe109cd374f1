#pragma once

#include "base/time.hpp"
#include "net/prefix_map.hpp"
#include "route/graph/as_graph.hpp"
#include "route/routes.hpp"
#include "route/rpki/origin_validity.hpp"
#include "route/watch/causes.hpp"
#include "route/watch/event.hpp"
#include "route/watch/prefix_watch.hpp"
#include "route/watch/presence.hpp"
#include "route/watch/sessions.hpp"
#include "route/watch/sightings.hpp"
#include "route/watch/target_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hw::route {

struct WatchOptions {
    /// How long from the first message on announcements are learnt and not judged. What tables tell is always learnt.
    Duration learn{0};
    /// So many routers must follow an odd announcement before it is told; where fewer count, all of them.
    std::size_t least_routers = 3;
    /// For leaks; none: they are not looked for.
    const AsGraph* graph = nullptr;
    /// For what RPKI says; empty: it is not asked.
    std::function<OriginValidity(const net::Prefix&, net::Asn origin)> validate = {};
};

/// Outages shorter than this, while the target's routes come and go too often, are swings of that and no events of their own.
inline constexpr Duration kShortOutage = std::chrono::minutes(15);

/// Watches targets through what routers tell of routes: tables first, then updates and changes of sessions in the order of time. Events are told through `on_event`
/// when they begin and again when they end or deepen (by their number, the same each time), as far as time has come.
///
/// Time is that of the data: where messages are out of order the clock does not go back. `advance` lets it go on where nothing comes.
class Watcher final : public RouteSink {
public:
    using EventId = std::size_t;
    using OnEvent = std::function<void(EventId, const Event&)>;

    Watcher(std::vector<WatchTarget> targets, WatchOptions options, OnEvent on_event = {});

    bool table(const TableRoute& route) override;
    bool update(const PeerUpdate& update) override;
    bool state(const StateChange& change) override;
    /// The clock goes on to `now`; nothing may have come.
    void advance(Time now);

    [[nodiscard]] const std::vector<Event>& events() const { return events_; }
    [[nodiscard]] const std::vector<TargetWatch>& targets() const { return targets_; }
    [[nodiscard]] const Sessions& sessions() const { return sessions_; }
    [[nodiscard]] const Presence& presence() const { return presence_; }
    [[nodiscard]] const PrefixWatch& watched(std::uint32_t member) const { return watched_[member]; }
    [[nodiscard]] Interval interval() const { return {first_, now_}; }
    [[nodiscard]] std::uint64_t changes() const { return changes_; }  ///< Announcements and withdrawals taken.

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(sessions_);
        visit(presence_);
        visit(watched_);
        visit(watch_of_);
        visit(members_);
        visit(targets_);
        visit(sightings_);
        visit(known_origins_);
        visit(known_upstreams_);
        visit(known_leakers_);
        visit(open_);
        visit(open_oddities_);
        visit(session_events_);
        visit(recent_sessions_);
        visit(events_);
        visit(first_);
        visit(now_);
        visit(ticked_);
        visit(messages_);
        visit(changes_);
        visit(restless_);
        visit(dirty_list_);
    }
    /// After `each_member` has filled it: makes what follows from the rest. False where what was filled in cannot be.
    [[nodiscard]] bool restore();

private:
    static constexpr std::uint32_t kNone = 0xffff'ffffU;
    enum class Slot : std::uint8_t { outage, instability };
    using Targets = std::vector<std::uint32_t>;

    void see(Time time, bool from_table);
    void tick(Time now);
    void announced(Sessions::Id peer, const net::Prefix& prefix, Time now, bool from_table);
    void withdrawn(Sessions::Id peer, const net::Prefix& prefix, Time now);
    void take_path(const bgp::Attributes& attributes);
    [[nodiscard]] net::Asn origin() const { return path_.empty() ? net::Asn() : path_.back(); }
    [[nodiscard]] net::Asn upstream() const { return path_.size() < 2 ? net::Asn() : path_[path_.size() - 2]; }
    [[nodiscard]] bool is_own(std::uint32_t target, std::uint32_t watch, net::Asn asn) const;
    /// The watched prefix, begun to be watched where the announcement makes it the target's; kNone.
    std::uint32_t watch_for(Presence::PrefixId id, const net::Prefix& prefix, Time now, bool from_table, bool learning);
    void look_for_oddities(Sessions::Id peer, Presence::PrefixId id, const net::Prefix& prefix, std::uint32_t watch, Time now, bool learning);
    void find_oddities(const net::Prefix& prefix, std::uint32_t watch, bool learning);
    void changed(std::uint32_t watch, Time now, bool quietly);
    void all_changed(Time now);
    void keep_looking(std::uint32_t watch);
    void make_dirty(std::uint32_t target);
    void judge(std::uint32_t target, Time now);
    void on_session(const Sessions::Change& change);
    void take_news(std::uint32_t target, TargetWatch::News::Kind kind, Time now);
    void take_changes(std::span<const Sightings::Change> changes);
    /// A short outage that ended becomes part of the target's instability, if there is one.
    void fold(EventId outage, EventId instability);
    [[nodiscard]] OutageFacts facts_of(const TargetWatch& target) const;
    [[nodiscard]] TargetWatch::Look look_at(std::uint32_t target, Time now) const;
    void write_outage(Event& event, const TargetWatch& target, Time now) const;
    EventId begin(Event event);
    void told(EventId id) { if (on_event_) { on_event_(id, events_[id]); } }

    WatchOptions options_;
    OnEvent on_event_;
    Sessions sessions_;
    Presence presence_;
    std::vector<PrefixWatch> watched_;
    std::vector<std::uint32_t> watch_of_;               ///< By prefix; kNone.
    std::vector<Targets> members_;                      ///< Targets, by watched prefix.
    std::vector<TargetWatch> targets_;
    std::unordered_map<net::Asn, Targets> by_asn_;
    net::PrefixMap<Targets> by_prefix_;
    net::PrefixMap<std::uint32_t> watched_map_;
    Sightings sightings_;
    std::map<std::uint32_t, std::set<net::Asn>> known_origins_;              ///< By watched prefix.
    std::set<std::pair<net::Asn, net::Asn>> known_upstreams_;                ///< Origin and its neighbour.
    std::set<std::tuple<std::uint32_t, net::Asn, net::Asn>> known_leakers_;  ///< Target, leaker, whom to.
    std::map<std::pair<std::uint32_t, Slot>, EventId> open_;
    std::map<Oddity, EventId> open_oddities_;
    std::map<Sessions::Id, EventId> session_events_;
    std::vector<Time> recent_sessions_;                 ///< Changes of sessions, of the last quarter of an hour.
    std::vector<Event> events_;
    Time first_, now_, ticked_;
    std::uint64_t messages_ = 0, changes_ = 0;
    std::vector<std::uint32_t> restless_;               ///< Watched prefixes that time alone may turn.
    std::vector<bool> is_restless_;
    std::vector<bool> dirty_;                           ///< Targets to be judged at the next tick.
    std::vector<std::uint32_t> dirty_list_;
    bgp::AsPath as_path_;                               ///< Of the message at hand.
    std::vector<net::Asn> path_;                        ///< The same without repetitions, empty where it ends in a set.
    const Targets* origin_targets_ = nullptr;           ///< Those the origin belongs to.
    std::vector<Oddity> oddities_;
    std::vector<Sightings::Change> sighted_;
    std::vector<TargetWatch::News> news_;
    std::optional<net::Asn> only_to_customer_;
};

}  // namespace hw::route
