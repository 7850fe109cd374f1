#pragma once

#include "base/time.hpp"
#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "route/watch/event.hpp"
#include "route/watch/presence.hpp"
#include "route/watch/sessions.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace hw::route {

/// Something odd about announcements: by kind, target, and what is odd.
struct Oddity {
    EventKind kind = EventKind::new_origin;
    std::uint32_t target = 0;
    net::Prefix prefix;  ///< Of leaks and upstreams none: they are about many.
    net::Asn asn;        ///< New origin, new upstream, leaker.
    net::Asn other;      ///< Of upstreams the origin, of leaks whom it passed the routes to.
    friend auto operator<=>(const Oddity&, const Oddity&) = default;
    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(kind);
        visit(target);
        visit(prefix);
        visit(asn);
        visit(other);
    }
};

/// Which routers follow odd announcements, from when until when: an oddity is told once enough of them do, and ends with the last.
class Sightings {
public:
    struct Change {
        Oddity oddity;
        bool begins = true;
        Time at;                ///< It began: when the first router followed. It ended: when the last one left.
        std::size_t routers = 0;  ///< At most, so far.
    };

    /// What is odd about the route that a router has to a prefix now: replaces what was odd about the one it had. An oddity that so many routers follow as `enough`
    /// begins.
    void set(Presence::PrefixId prefix, Sessions::Id peer, std::span<const Oddity> now_odd, Time now, std::size_t enough, std::vector<Change>& changes);
    /// A router is gone with all it told.
    void forget(Sessions::Id peer, Time now, std::vector<Change>& changes);
    /// Cheaper than `set` where a route is as it should be, as nearly all are.
    [[nodiscard]] bool any_of(Presence::PrefixId prefix, Sessions::Id peer) const { return !held_.empty() && held_.contains({prefix, peer}); }

    /// Whether all that is held is of targets below `count`.
    [[nodiscard]] bool targets_below(std::uint32_t count) const;

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(held_);
        visit(seen_);
    }

private:
    struct Seen {
        std::map<Sessions::Id, std::uint32_t> routers;  ///< With how many routes each.
        Time first;
        std::size_t most = 0;
        bool told = false;
        template <typename Visit>
        void each_member(Visit&& visit) {
            visit(routers);
            visit(first);
            visit(most);
            visit(told);
        }
    };
    void leave(const Oddity& oddity, Sessions::Id peer, Time now, std::vector<Change>& changes);

    std::map<std::pair<Presence::PrefixId, Sessions::Id>, std::vector<Oddity>> held_;
    std::map<Oddity, Seen> seen_;
};

}  // namespace hw::route
