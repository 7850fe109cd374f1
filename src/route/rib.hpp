#pragma once

#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "net/prefix_map.hpp"
#include "route/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hw::route {

/// The AS paths that were met, each once: without repetitions of one number in a row (a network that makes itself look farther), and with a mark
/// where the way is not wholly told (sets).
class PathTable {
public:
    using Id = std::uint32_t;
    PathTable();

    [[nodiscard]] Id add(const bgp::AsPath& path);
    [[nodiscard]] std::span<const net::Asn> asns(Id path) const { return std::span(asns_).subspan(begins_[path], begins_[path + 1] - begins_[path]); }
    /// How long it was with repetitions, as routers count.
    [[nodiscard]] std::size_t told_length(Id path) const { return lengths_[path]; }
    /// Whether it ends in a set: nobody in particular announced it.
    [[nodiscard]] bool has_set(Id path) const { return sets_[path]; }
    [[nodiscard]] std::size_t size() const { return lengths_.size(); }

private:
    std::uint64_t secret_;
    std::vector<net::Asn> asns_;
    std::vector<std::size_t> begins_{0};
    std::vector<std::uint16_t> lengths_;
    std::vector<bool> sets_;
    std::unordered_multimap<std::uint64_t, Id> known_;
};

/// What routers tell of the way to each prefix: the state that tables and updates come to, one route a prefix and router.
///
/// Where a router tells several paths to a prefix (RFC 7911) the shortest counts, of equal ones that of the lowest identifier. A session that goes down
/// takes its routes with it. Memory: some 24 bytes a route, and 16 a message's prefix until `settle`.
class Rib final : public RouteSink {
public:
    using PeerId = std::uint32_t;
    using PrefixId = std::uint32_t;
    struct Route {
        PeerId peer = 0;
        PathTable::Id path = 0;
    };

    bool table(const TableRoute& route) override;
    bool update(const PeerUpdate& update) override;
    bool state(const StateChange& change) override;
    /// Makes the state of all that was told. To be called before the questions below, and again after more was told.
    void settle();

    [[nodiscard]] std::span<const Peer> peers() const { return peers_; }
    [[nodiscard]] std::size_t prefixes() const { return prefixes_.size(); }
    [[nodiscard]] const net::Prefix& prefix(PrefixId id) const { return prefixes_[id]; }
    /// The routes to a prefix, by peer; none where it was withdrawn by all.
    [[nodiscard]] std::span<const Route> routes(PrefixId id) const { return std::span(routes_).subspan(begins_[id], begins_[id + 1] - begins_[id]); }
    [[nodiscard]] std::optional<PrefixId> find(const net::Prefix& prefix) const;
    [[nodiscard]] const PathTable& paths() const { return paths_; }
    /// Who announces a prefix, by the routes' last networks: each with how many peers say so, the most first.
    [[nodiscard]] std::vector<std::pair<net::Asn, std::size_t>> origins(PrefixId id) const;
    /// Routes in all.
    [[nodiscard]] std::size_t route_count() const { return routes_.size(); }
    /// First and last message or table.
    [[nodiscard]] Interval interval() const { return interval_; }
    [[nodiscard]] bool empty() const { return !seen_any_; }

private:
    /// Something that was told, in order.
    struct Event {
        PrefixId prefix = 0;
        PathTable::Id path = 0;
        std::uint32_t path_id = 0;
        PeerId peer = 0;
    };
    static constexpr PathTable::Id kWithdrawn = 0xffff'ffffU;
    PeerId id_of(const Peer& peer);
    PrefixId id_of(const net::Prefix& prefix);
    void tell(PeerId peer, const bgp::Nlri& route, PathTable::Id path);
    void see(Time time);

    PathTable paths_;
    std::vector<Peer> peers_;
    std::map<Peer, PeerId> peer_ids_;
    std::vector<net::Prefix> prefixes_;
    net::PrefixMap<PrefixId> prefix_ids_;
    PrefixId last_prefix_ = 0;
    PeerId last_peer_ = 0;
    std::vector<Event> live_;    ///< By prefix, peer and path identifier: what has been told last of each.
    std::vector<Event> events_;  ///< Told since.
    std::map<PeerId, std::size_t> reset_;  ///< What a peer told before this many events is gone.
    std::vector<std::size_t> begins_{0};
    std::vector<Route> routes_;
    Interval interval_;
    bool seen_any_ = false;
    bgp::AsPath path_;
};

}  // namespace hw::route
