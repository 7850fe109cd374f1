#pragma once

#include "net/asn.hpp"
#include "route/watch/presence.hpp"
#include "route/watch/sessions.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace hw::route {

/// Whether one prefix can be reached, as far as routes tell: a belief that is brought up to date with what each router says that ever had a route.
///
/// In log-odds (after Trinocular: Quan, Heidemann, Pradkin, "Trinocular: understanding Internet reliability through adaptive probing", SIGCOMM 2013):
/// a router has the route of a prefix that can be reached with 0.97, of one that cannot with 0.03 (routes that are stuck, routes that are
/// being explored); that a route to a reachable prefix stays away grows the less likely the longer it lasts (0.03·e^(−t/5 min), at least 0.001: the word of a single router suffices after a quarter of an hour). The prior is
/// 0.99 for the state held, 0.88 against it. Down at 0.1, up at 0.9.
class PrefixWatch {
public:
    /// What a router says of the prefix.
    struct Voice {
        Sessions::Id peer = 0;
        bool has = false;
        Time since;         ///< Of `has`.
        net::Asn origin;    ///< Who announces it, by the route told last; AS0: nobody in particular.
        net::Asn upstream;  ///< The neighbour of the origin that it comes in by; AS0: the router is the origin's own neighbour or the origin.
        template <typename Visit>
        void each_member(Visit&& visit) {
            visit(peer);
            visit(has);
            visit(since);
            visit(origin);
            visit(upstream);
        }
    };
    enum class State : std::uint8_t { up, down };
    /// The state turned, at a moment.
    struct Turn {
        State to = State::up;
        Time at;
    };

    PrefixWatch() = default;
    explicit PrefixWatch(Presence::PrefixId id, Time now) : id_(id), known_since_(now), turned_(now) {}

    [[nodiscard]] Presence::PrefixId id() const { return id_; }
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] Time turned() const { return turned_; }
    [[nodiscard]] const std::vector<Voice>& voices() const { return voices_; }
    /// When it became known: what is known for a short while only is not yet missed.
    [[nodiscard]] Time known_since() const { return known_since_; }

    /// A router has a route. Returns the voice as it was before, nothing where it is new.
    std::optional<Voice> announce(Sessions::Id peer, net::Asn origin, net::Asn upstream, Time now);
    /// A router has none any more. Returns whether it had one.
    bool withdraw(Sessions::Id peer, Time now);
    /// The belief is formed anew. `quietly`: because of what befell routers, so that a turn is neither flapping nor news.
    std::optional<Turn> update(const Sessions& sessions, Time now, bool quietly);

    /// How many of the routers that count have it, of those that had it once.
    struct Tally {
        std::size_t have = 0;
        std::size_t of = 0;
    };
    [[nodiscard]] Tally tally(const Sessions& sessions) const;
    /// Whether something may change by time alone.
    [[nodiscard]] bool restless() const { return restless_; }
    /// Down for longer than a flap of it may last: a minute, or twice the longest one of the last two hours (15 minutes at most).
    [[nodiscard]] bool missed(Time now) const { return state_ == State::down && now - turned_ >= hold(now); }
    [[nodiscard]] Duration hold(Time now) const;
    /// Whether nobody who counts can say anything.
    [[nodiscard]] bool unobserved() const { return unobserved_; }

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(id_);
        visit(state_);
        visit(known_since_);
        visit(turned_);
        visit(voices_);
        visit(flaps_);
        visit(restless_);
        visit(unobserved_);
    }

private:
    struct Flap {
        Time end;
        Duration lasted{0};
        template <typename Visit>
        void each_member(Visit&& visit) {
            visit(end);
            visit(lasted);
        }
    };
    [[nodiscard]] double log_odds_up(const Sessions& sessions, Time now);

    Presence::PrefixId id_ = 0;
    State state_ = State::up;
    Time known_since_;
    Time turned_;
    std::vector<Voice> voices_;
    std::vector<Flap> flaps_;  ///< Of the last two hours.
    bool restless_ = false;
    bool unobserved_ = true;
};

}  // namespace hw::route
