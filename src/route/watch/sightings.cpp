#include "route/watch/sightings.hpp"

#include <algorithm>

namespace hw::route {

void Sightings::leave(const Oddity& oddity, Sessions::Id peer, Time now, std::vector<Change>& changes) {
    const auto at = seen_.find(oddity);
    if (at == seen_.end()) { return; }
    const auto router = at->second.routers.find(peer);
    if (router == at->second.routers.end()) { return; }
    if (--router->second > 0) { return; }
    at->second.routers.erase(router);
    if (!at->second.routers.empty()) { return; }
    if (at->second.told) { changes.push_back({.oddity = oddity, .begins = false, .at = now, .routers = at->second.most}); }
    seen_.erase(at);
}

void Sightings::set(Presence::PrefixId prefix, Sessions::Id peer, std::span<const Oddity> now_odd, Time now, std::size_t enough, std::vector<Change>& changes) {
    auto& held = held_[{prefix, peer}];
    const std::vector<Oddity> before = std::move(held);
    held.assign(now_odd.begin(), now_odd.end());
    for (const Oddity& oddity : now_odd) {
        if (std::ranges::find(before, oddity) != before.end()) { continue; }
        Seen& seen = seen_[oddity];
        if (seen.routers.empty()) { seen.first = now; }
        ++seen.routers[peer];
        seen.most = std::max(seen.most, seen.routers.size());
        if (!seen.told && seen.routers.size() >= enough) {
            seen.told = true;
            changes.push_back({.oddity = oddity, .begins = true, .at = seen.first, .routers = seen.most});
        }
    }
    for (const Oddity& oddity : before) {
        if (std::ranges::find(now_odd, oddity) == now_odd.end()) { leave(oddity, peer, now, changes); }
    }
    if (now_odd.empty()) { held_.erase({prefix, peer}); }
}

void Sightings::forget(Sessions::Id peer, Time now, std::vector<Change>& changes) {
    for (auto at = held_.begin(); at != held_.end();) {
        if (at->first.second != peer) {
            ++at;
            continue;
        }
        for (const Oddity& oddity : at->second) { leave(oddity, peer, now, changes); }
        at = held_.erase(at);
    }
}

bool Sightings::targets_below(std::uint32_t count) const {
    const auto below = [count](const Oddity& o) { return o.target < count; };
    return std::ranges::all_of(seen_, [&](const auto& s) { return below(s.first); }) && std::ranges::all_of(held_, [&](const auto& h) { return std::ranges::all_of(h.second, below); });
}

}  // namespace hw::route
