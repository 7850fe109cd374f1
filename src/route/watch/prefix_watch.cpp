#include "route/watch/prefix_watch.hpp"

#include <algorithm>
#include <cmath>

namespace hw::route {
namespace {
namespace belief {

constexpr double kHas = 0.97;              ///< P(a router has the route | it can be reached), and 1 − P(… | it cannot).
constexpr double kAway = 0.03;
constexpr double kAwayLeast = 0.001;
constexpr double kAwaySeconds = 300;
constexpr double kPriorUp = 4.595;         ///< ln(0.99/0.01)
constexpr double kPriorDown = -2;          ///< ln(0.12/0.88)
constexpr double kTurn = 2.197;            ///< ln(0.9/0.1)
constexpr Duration kFlapMemory = std::chrono::hours(2);
constexpr Duration kShortestHold = std::chrono::minutes(1);
constexpr Duration kLongestHold = std::chrono::minutes(15);
/// A router that has been without the route for so long while it can be reached does not carry it any more.
constexpr Duration kForget = std::chrono::hours(24);

}  // namespace belief
}  // namespace

std::optional<PrefixWatch::Voice> PrefixWatch::announce(Sessions::Id peer, net::Asn origin, net::Asn upstream, Time now) {
    const auto at = std::ranges::find(voices_, peer, &Voice::peer);
    if (at == voices_.end()) {
        voices_.push_back({.peer = peer, .has = true, .since = now, .origin = origin, .upstream = upstream});
        return std::nullopt;
    }
    const Voice before = *at;
    if (!at->has) { at->since = now; }
    at->has = true;
    at->origin = origin;
    at->upstream = upstream;
    return before;
}

bool PrefixWatch::withdraw(Sessions::Id peer, Time now) {
    const auto at = std::ranges::find(voices_, peer, &Voice::peer);
    if (at == voices_.end() || !at->has) { return false; }
    at->has = false;
    at->since = now;
    return true;
}

double PrefixWatch::log_odds_up(const Sessions& sessions, Time now) {
    using namespace belief;
    static const double kHasIt = std::log(kHas / kAway);
    double odds = state_ == State::up ? kPriorUp : kPriorDown;
    restless_ = false;
    unobserved_ = true;
    for (const Voice& voice : voices_) {
        if (!sessions.counts(voice.peer)) { continue; }
        unobserved_ = false;
        if (voice.has) {
            odds += kHasIt;
            continue;
        }
        restless_ = true;
        const double away = std::chrono::duration<double>(now - voice.since).count();
        odds += std::log(std::max(kAwayLeast, kAway * std::exp(-std::max(0.0, away) / kAwaySeconds)) / kHas);
    }
    return odds;
}

std::optional<PrefixWatch::Turn> PrefixWatch::update(const Sessions& sessions, Time now, bool quietly) {
    using namespace belief;
    if (state_ == State::up) {
        std::erase_if(voices_, [&](const Voice& v) { return !v.has && now - v.since > kForget && voices_.size() > 1; });
    }
    const double odds = log_odds_up(sessions, now);
    restless_ = restless_ || state_ == State::down;
    if (unobserved_) { return std::nullopt; }
    if (state_ == State::up && odds <= -kTurn) {
        state_ = State::down;
        restless_ = true;
        // Where time alone has turned it, it was down since the last router lost its route.
        turned_ = known_since_;
        for (const Voice& v : voices_) {
            if (!v.has && sessions.counts(v.peer)) { turned_ = std::max(turned_, v.since); }
        }
        return quietly ? std::nullopt : std::optional(Turn{State::down, turned_});
    }
    if (state_ == State::down && odds >= kTurn) {
        const Duration lasted = now - turned_;
        state_ = State::up;
        turned_ = now;
        if (quietly) { return std::nullopt; }
        std::erase_if(flaps_, [&](const Flap& f) { return now - f.end > kFlapMemory; });
        if (lasted < kLongestHold) { flaps_.push_back({now, lasted}); }
        constexpr std::size_t kMostFlaps = 64;
        if (flaps_.size() > kMostFlaps) { flaps_.erase(flaps_.begin()); }
        return Turn{State::up, now};
    }
    return std::nullopt;
}

PrefixWatch::Tally PrefixWatch::tally(const Sessions& sessions) const {
    Tally tally;
    for (const Voice& voice : voices_) {
        if (!sessions.counts(voice.peer)) { continue; }
        ++tally.of;
        tally.have += voice.has ? 1 : 0;
    }
    return tally;
}

Duration PrefixWatch::hold(Time now) const {
    using namespace belief;
    Duration longest{0};
    for (const Flap& f : flaps_) {
        if (now - f.end <= kFlapMemory) { longest = std::max(longest, f.lasted); }
    }
    return std::clamp(2 * longest, kShortestHold, kLongestHold);
}

}  // namespace hw::route
