#include "route/rib.hpp"

#include "base/random_key.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include <xxhash.h>

namespace hw::route {

PathTable::PathTable() : secret_(random_key()) {}

PathTable::Id PathTable::add(const bgp::AsPath& path) {
    const std::size_t begin = asns_.size();
    bool set = false;
    for (std::size_t s = 0; s < path.segments.size(); ++s) {
        const bool sequence = path.segments[s].kind == bgp::SegmentKind::sequence;
        set = set || path.segments[s].kind == bgp::SegmentKind::set;
        if (!sequence) { continue; }  // of sets and confederations nobody knows the order
        for (const net::Asn asn : path.of(s)) {
            if (asns_.size() == begin || asns_.back() != asn) { asns_.push_back(asn); }
        }
    }
    const auto length = static_cast<std::uint16_t>(std::min<std::size_t>(path.length(), std::numeric_limits<std::uint16_t>::max()));
    const auto fresh = std::span(asns_).subspan(begin);
    const std::uint64_t hash = XXH3_64bits_withSeed(fresh.data(), fresh.size_bytes(), secret_);
    for (auto [at, end] = known_.equal_range(hash); at != end; ++at) {
        const Id id = at->second;
        if (std::ranges::equal(asns(id), fresh) && lengths_[id] == length && sets_[id] == set) {
            asns_.resize(begin);
            return id;
        }
    }
    const auto id = static_cast<Id>(lengths_.size());
    begins_.push_back(asns_.size());
    lengths_.push_back(length);
    sets_.push_back(set);
    known_.emplace(hash, id);
    return id;
}

Rib::PeerId Rib::id_of(const Peer& peer) {
    if (last_peer_ < peers_.size() && peers_[last_peer_] == peer) { return last_peer_; }
    const auto [at, fresh] = peer_ids_.try_emplace(peer, static_cast<PeerId>(peers_.size()));
    if (fresh) { peers_.push_back(peer); }
    return last_peer_ = at->second;
}

Rib::PrefixId Rib::id_of(const net::Prefix& prefix) {
    if (last_prefix_ < prefixes_.size() && prefixes_[last_prefix_] == prefix) { return last_prefix_; }
    const PrefixId* known = prefix_ids_.find(prefix);
    if (known != nullptr) { return last_prefix_ = *known; }
    last_prefix_ = static_cast<PrefixId>(prefixes_.size());
    prefix_ids_.insert_or_assign(prefix, last_prefix_);
    prefixes_.push_back(prefix);
    return last_prefix_;
}

void Rib::see(Time time) {
    interval_ = seen_any_ ? Interval{std::min(interval_.from, time), std::max(interval_.to, time)} : Interval{time, time};
    seen_any_ = true;
}

void Rib::tell(PeerId peer, const bgp::Nlri& route, PathTable::Id path) {
    events_.push_back({.prefix = id_of(route.prefix), .path = path, .path_id = route.path.value_or(0), .peer = peer});
    // Long series of updates repeat themselves: what has been overtaken is let go.
    constexpr std::size_t kFewest = std::size_t{1} << 22U;
    if (events_.size() >= kFewest && events_.size() >= 2 * live_.size() + kFewest) { settle(); }
}

bool Rib::table(const TableRoute& route) {
    see(route.dumped);
    route.attributes->attributes.as_path(path_);
    tell(id_of(route.peer), route.route, paths_.add(path_));
    return true;
}

bool Rib::update(const PeerUpdate& told) {
    see(told.time);
    const PeerId peer = id_of(told.peer);
    const auto withdrawn = [&](const bgp::Nlri& route) { tell(peer, route, kWithdrawn); };
    told.update->each_withdrawn(withdrawn);
    if (told.update->fate >= bgp::Fate::withdraw) {
        told.update->each_announced(withdrawn);
        return true;
    }
    std::optional<PathTable::Id> path;
    told.update->each_announced([&](const bgp::Nlri& route) {
        if (!path) {
            told.update->attributes.as_path(path_);
            path = paths_.add(path_);
        }
        tell(peer, route, *path);
    });
    return true;
}

bool Rib::state(const StateChange& change) {
    see(change.time);
    constexpr auto kUp = static_cast<std::uint16_t>(SessionState::established);
    if (change.before == kUp && change.after != kUp) { reset_[id_of(change.peer)] = events_.size(); }
    return true;
}

void Rib::settle() {
    std::vector<Event> all;
    all.reserve(live_.size() + events_.size());
    for (const Event& e : live_) {  // older than all that came since
        if (!reset_.contains(e.peer)) { all.push_back(e); }
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
        const auto gone = reset_.find(events_[i].peer);
        if (gone == reset_.end() || i >= gone->second) { all.push_back(events_[i]); }
    }
    events_.clear();
    reset_.clear();
    live_.clear();
    routes_.clear();
    begins_.assign(1, 0);
    begins_.reserve(prefixes_.size() + 1);
    const auto key = [](const Event& e) { return std::tuple(e.prefix, e.peer, e.path_id); };
    std::ranges::stable_sort(all, {}, key);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i + 1 < all.size() && key(all[i]) == key(all[i + 1])) { continue; }  // overtaken
        if (all[i].path == kWithdrawn) { continue; }
        while (begins_.size() <= all[i].prefix) { begins_.push_back(routes_.size()); }
        live_.push_back(all[i]);
        const bool another = routes_.size() > begins_.back() && routes_.back().peer == all[i].peer;
        if (!another) { routes_.push_back({.peer = all[i].peer, .path = all[i].path}); }
        else if (paths_.told_length(all[i].path) < paths_.told_length(routes_.back().path)) { routes_.back().path = all[i].path; }
    }
    while (begins_.size() <= prefixes_.size()) { begins_.push_back(routes_.size()); }
}

std::optional<Rib::PrefixId> Rib::find(const net::Prefix& prefix) const {
    const PrefixId* id = prefix_ids_.find(prefix);
    return id == nullptr ? std::nullopt : std::optional(*id);
}

std::vector<std::pair<net::Asn, std::size_t>> Rib::origins(PrefixId id) const {
    std::vector<std::pair<net::Asn, std::size_t>> found;
    for (const Route& route : routes(id)) {
        const auto asns = paths_.asns(route.path);
        if (asns.empty() || paths_.has_set(route.path)) { continue; }
        const auto at = std::ranges::find(found, asns.back(), &std::pair<net::Asn, std::size_t>::first);
        if (at == found.end()) { found.emplace_back(asns.back(), 1); }
        else { ++at->second; }
    }
    std::ranges::sort(found, [](const auto& a, const auto& b) { return std::tie(b.second, a.first) < std::tie(a.second, b.first); });
    return found;
}

}  // namespace hw::route
