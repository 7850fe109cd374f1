#include "route/watch/sessions.hpp"

#include <algorithm>

namespace hw::route {
namespace {
namespace session_detail {

/// Tables smaller than this are too small to tell a router's trouble from that of who is in them.
constexpr std::size_t kJudged = 1000;
/// Over how long a fall is looked for.
constexpr Duration kFall = std::chrono::minutes(5);
/// A table is whole after this long at the latest.
constexpr Duration kLongestFilling = std::chrono::minutes(15);
/// What is gone for so long stays gone: the smaller table is the usual one from then on.
constexpr Duration kLongestFall = std::chrono::hours(6);
constexpr auto kUp = static_cast<std::uint16_t>(SessionState::established);

}  // namespace session_detail
}  // namespace

Sessions::Id Sessions::id_of(const Peer& peer) {
    if (last_ < peers_.size() && peers_[last_] == peer) { return last_; }
    const auto [at, fresh] = ids_.try_emplace(peer, static_cast<Id>(peers_.size()));
    if (fresh) {
        peers_.push_back(peer);
        states_.emplace_back();
    }
    return last_ = at->second;
}

bool Sessions::restore() {
    ids_.clear();
    for (Id id = 0; id < peers_.size(); ++id) { ids_.emplace(peers_[id], id); }
    last_ = 0;
    return states_.size() == peers_.size() && ids_.size() == peers_.size();
}

std::size_t Sessions::counting() const {
    return static_cast<std::size_t>(std::ranges::count(states_, State::counts, &One::state));
}

Sessions::Change Sessions::change_to(Id id, State after, Time now, Time since) {
    One& one = states_[id];
    const Change change{.id = id, .before = one.state, .after = after, .at = now, .since = since};
    one.state = after;
    one.since = now;
    one.gained = 0;
    if (after == State::counts) {
        one.whole = one.routes;
        one.whole_at = now;
    }
    return change;
}

void Sessions::forget_routes(Id id) {
    One& one = states_[id];
    if (one.state == State::counts) { one.whole = std::max(one.whole, one.routes); }
    one.routes = 0;
}

std::optional<Sessions::Change> Sessions::told(const StateChange& change) {
    using namespace session_detail;
    const Id id = id_of(change.peer);
    if (change.after == kUp) {
        if (states_[id].state == State::filling) { return std::nullopt; }
        return change_to(id, State::filling, change.time, change.time);
    }
    if (states_[id].state == State::down) { return std::nullopt; }
    return change_to(id, State::down, change.time, change.time);
}

std::optional<Sessions::Change> Sessions::judge(Id id, Time now) {
    using namespace session_detail;
    One& one = states_[id];
    const std::size_t gained = one.gained;
    one.gained = 0;
    switch (one.state) {
    case State::down:
        // Routes from a session that was told to be down: its coming up went unrecorded.
        return gained > 0 ? std::optional(change_to(id, State::filling, now, now)) : std::nullopt;
    case State::filling: {
        const bool whole = one.whole > 0 && one.routes * 10 >= one.whole * 9;
        const bool quiet = gained * 100 <= one.routes && now - one.since >= std::chrono::minutes(1);
        if (!(whole && quiet) && !(one.whole == 0 && quiet) && now - one.since < kLongestFilling) { return std::nullopt; }
        return change_to(id, State::counts, now, now);
    }
    case State::fallen:
        if (one.routes * 10 < one.whole * 9 && now - one.since < kLongestFall) { return std::nullopt; }
        return change_to(id, State::counts, now, now);
    case State::counts: break;
    }
    if (one.whole >= kJudged && one.routes * 2 < one.whole) { return change_to(id, State::fallen, now, one.whole_at); }
    if (one.routes >= one.whole || now - one.whole_at >= kFall) {
        one.whole = one.routes;
        one.whole_at = now;
    }
    return std::nullopt;
}

}  // namespace hw::route
