#pragma once

#include "route/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace hw::route {

/// The sessions of a collector with the routers that tell it their routes, and whether a router's silence means anything.
///
/// A router counts (`counts`) while its session is up, as far as is known, and its table is whole: not while it fills after the session came up, nor after it
/// lost most of its routes at once without a word (some collectors do not record the end of sessions).
class Sessions {
public:
    using Id = std::uint32_t;
    enum class State : std::uint8_t {
        counts,
        filling,  ///< Up again; its table is not whole yet.
        fallen,   ///< Lost more than half of its table within minutes: its own trouble, not that of who was in it.
        down,
    };
    /// Something about a router that changed.
    struct Change {
        Id id = 0;
        State before = State::counts;
        State after = State::counts;
        Time at;     ///< When it became known.
        Time since;  ///< When it began, as far as can be told.
    };

    /// The number of a router; one that is new counts from now on.
    Id id_of(const Peer& peer);
    [[nodiscard]] std::span<const Peer> peers() const { return peers_; }
    [[nodiscard]] State state(Id id) const { return states_[id].state; }
    [[nodiscard]] bool counts(Id id) const { return states_[id].state == State::counts; }
    [[nodiscard]] std::size_t counting() const;
    [[nodiscard]] std::size_t routes(Id id) const { return states_[id].routes; }

    /// A route came or went.
    void gained(Id id) { ++states_[id].routes; ++states_[id].gained; }
    void lost(Id id) { --states_[id].routes; }
    /// The session's state was told. What the router had told is gone where it went down: the caller takes the routes away.
    std::optional<Change> told(const StateChange& change);
    /// Time went by: calls `visit(const Change&)` for each router whose standing changed. To be called every `kTick` or so.
    template <typename Visit>
    void tick(Time now, Visit&& visit) {
        for (Id id = 0; id < states_.size(); ++id) {
            if (const auto change = judge(id, now)) { visit(*change); }
        }
    }
    /// The table of before is the measure of one that fills.
    void forget_routes(Id id);

    static constexpr Duration kTick = std::chrono::seconds(10);

    template <typename Visit>
    void each_member(Visit&& visit) {
        visit(peers_);
        visit(states_);
    }
    /// After `each_member` has filled it. False where what was filled in does not fit together.
    [[nodiscard]] bool restore();

private:
    struct One {
        State state = State::counts;
        std::size_t routes = 0;
        std::size_t whole = 0;        ///< Routes of the whole table, as known before the trouble.
        std::size_t gained = 0;       ///< Since the last look.
        Time since;                   ///< Of the state.
        Time whole_at;                ///< When `whole` was taken down.
        template <typename Visit>
        void each_member(Visit&& visit) {
            visit(state);
            visit(routes);
            visit(whole);
            visit(gained);
            visit(since);
            visit(whole_at);
        }
    };
    std::optional<Change> judge(Id id, Time now);
    Change change_to(Id id, State after, Time now, Time since);

    std::vector<Peer> peers_;
    std::map<Peer, Id> ids_;
    std::vector<One> states_;
    Id last_ = 0;
};

}  // namespace hw::route
