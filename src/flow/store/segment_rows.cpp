#include "flow/store/segment_rows.hpp"

#include "flow/store/segment_front.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace hw::flow::store {
namespace {
namespace segment_rows_detail {

std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 32U)) * 0x9e37'79b9'7f4a'7c15ULL;
    x = (x ^ (x >> 29U)) * 0xbf58'476d'1ce4'e5b9ULL;
    return x ^ (x >> 32U);
}
std::uint64_t mixed(const net::Address& a) { return mixed(a.low() ^ (a.high() == 0 ? 0 : mixed(a.high()))); }

/// Numbers things in the order of their first appearance, and counts them. Open addressing, half full at most. Hostile keys can make it
/// slow, not wrong; a segment bounds how many there are.
template <typename Key>
class Numbering {
public:
    std::uint32_t number(const Key& key) {
        if (!keys_.empty() && keys_[last_] == key) {
            ++counts_[last_];
            return last_;
        }
        if (keys_.size() * 2 >= slots_.size()) { grow(); }
        std::uint64_t at = mixed(key) & (slots_.size() - 1);
        while (slots_[at] != 0 && !(keys_[slots_[at] - 1] == key)) { at = (at + 1) & (slots_.size() - 1); }
        if (slots_[at] == 0) {
            keys_.push_back(key);
            counts_.push_back(0);
            slots_[at] = static_cast<std::uint32_t>(keys_.size());
        }
        last_ = slots_[at] - 1;
        ++counts_[last_];
        return last_;
    }
    /// Asks for the memory of the key's slot. Inlined always: g++ leaves out calls of functions that do nothing else.
    [[gnu::always_inline]] void prefetch(const Key& key) const {
        if (!slots_.empty()) { __builtin_prefetch(&slots_[mixed(key) & (slots_.size() - 1)]); }
    }
    [[gnu::always_inline]] void prefetch_key(const Key& key) const {
        if (slots_.empty()) { return; }
        const std::uint32_t found = slots_[mixed(key) & (slots_.size() - 1)];
        if (found != 0) {
            __builtin_prefetch(&keys_[found - 1]);
            __builtin_prefetch(&counts_[found - 1]);
        }
    }
    [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
    [[nodiscard]] const std::vector<std::uint32_t>& counts() const { return counts_; }

private:
    void grow() {
        slots_.assign(std::max<std::size_t>(1024, slots_.size() * 4), 0);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            std::uint64_t at = mixed(keys_[i]) & (slots_.size() - 1);
            while (slots_[at] != 0) { at = (at + 1) & (slots_.size() - 1); }
            slots_[at] = static_cast<std::uint32_t>(i + 1);
        }
    }
    std::vector<std::uint32_t> slots_;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> counts_;
    std::uint32_t last_ = 0;
};

/// The numbers by falling count, equal ones by rising key: `ranked[rank]` is the key, `rank_of[number]` its rank.
template <typename Key>
struct Ranking {
    Ranking(const std::vector<Key>& keys, const std::vector<std::uint32_t>& counts) : rank_of(keys.size()) {
        std::vector<std::uint32_t> order(keys.size());
        std::iota(order.begin(), order.end(), 0U);
        std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return std::tie(counts[b], keys[a]) < std::tie(counts[a], keys[b]); });
        ranked.reserve(keys.size());
        for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
            rank_of[order[rank]] = rank;
            ranked.push_back(keys[order[rank]]);
        }
    }
    std::vector<Key> ranked;
    std::vector<std::uint32_t> rank_of;
};

/// Least and greatest of a column, and what divides all differences.
struct Bounds {
    std::uint64_t low = ~std::uint64_t{0};
    std::uint64_t high = 0;
    void add(std::uint64_t v) {
        low = std::min(low, v);
        high = std::max(high, v);
    }
};
struct Divisor {
    std::uint64_t from = 0;
    ExactDivision by{};
    std::uint64_t divisor = 0;
    void add(std::uint64_t v) {
        const std::uint64_t distance = v > from ? v - from : from - v;
        if (divisor == 1 || (divisor != 0 && by.divides(distance))) { return; }
        divisor = std::gcd(divisor, distance);
        if (divisor != 0) { by = ExactDivision(divisor); }
    }
    [[nodiscard]] std::uint64_t scale() const { return std::max<std::uint64_t>(divisor, 1); }
};

/// Asks for the memory of a flow: it fills several cache lines, and flows are gone through once, faster than memory answers.
[[gnu::always_inline]] inline void prefetch_flow(const Flow& flow) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): addresses only
    const char* at = reinterpret_cast<const char*>(&flow);
    for (std::size_t line = 0; line < sizeof(Flow); line += 64) { __builtin_prefetch(at + line); }
}

std::uint64_t span_of(Time from, Time to) { return static_cast<std::uint64_t>(to.micros()) - static_cast<std::uint64_t>(from.micros()); }

bool has_extras(const Flow& f) { return !f.uid.empty() || !f.activity.empty() || !(f.handshake == Handshake{}); }

/// How many flow ends of the segment lie in the network of each host.
std::vector<std::uint64_t> network_weights(const Numbering<net::Address>& hosts) {
    Numbering<net::Address> networks;
    std::vector<std::uint32_t> network_of;
    std::vector<std::uint64_t> ends;
    network_of.reserve(hosts.keys().size());
    for (std::size_t h = 0; h < hosts.keys().size(); ++h) {
        const net::Address& a = hosts.keys()[h];
        network_of.push_back(networks.number(a.is_v4() ? net::Address::v4(a.v4_bits() & 0xffff'0000U) : net::Address::v6(a.high() & ~std::uint64_t{0xffff}, 0)));
        ends.resize(networks.keys().size());
        ends[network_of.back()] += hosts.counts()[h];
    }
    std::vector<std::uint64_t> weights;
    weights.reserve(network_of.size());
    for (const std::uint32_t n : network_of) { weights.push_back(ends[n]); }
    return weights;
}

/// Puts the hosts in order; returns each one's place.
std::vector<std::uint32_t> sort_hosts(const std::vector<net::Address>& keys, std::vector<net::Address>& sorted) {
    std::vector<std::uint32_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return host_before(keys[a], keys[b]); });
    std::vector<std::uint32_t> rank_of(keys.size());
    sorted.reserve(keys.size());
    for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
        rank_of[order[rank]] = rank;
        sorted.push_back(keys[order[rank]]);
    }
    return rank_of;
}

}  // namespace segment_rows_detail
}  // namespace

SegmentRows number_rows(std::span<const Flow* const> flows, std::span<const std::string> observers) {
    using namespace segment_rows_detail;
    SegmentRows out;
    out.rows.reserve(flows.size());
    Numbering<net::Address> hosts;
    Numbering<std::uint64_t> kinds;
    Numbering<std::uint64_t> marks;
    std::vector<std::uint32_t> port_counts(65'536, 0);
    std::array<Bounds, 6> counts;
    Bounds duration;
    Bounds sampling;
    Bounds high_port;
    std::array<Bounds, 2> mark_bounds;
    Divisor first_by{.from = static_cast<std::uint64_t>(flows.front()->first.micros())};
    Divisor duration_by{.from = span_of(flows.front()->first, std::max(flows.front()->first, flows.front()->last))};
    Time earliest = flows.front()->first;
    out.facts.first_last = earliest;
    out.facts.last = earliest;
    bool extras = false;
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        if (i + 4 * kAhead < flows.size()) { prefetch_flow(*flows[i + 4 * kAhead]); }
        if (i + 2 * kAhead < flows.size()) {
            hosts.prefetch(flows[i + 2 * kAhead]->client.address);
            hosts.prefetch(flows[i + 2 * kAhead]->server.address);
            hosts.prefetch_key(flows[i + kAhead]->client.address);
            hosts.prefetch_key(flows[i + kAhead]->server.address);
        }
        const Flow& f = *flows[i];
        SegmentRow& row = out.rows.emplace_back();
        const Time last = std::max(f.first, f.last);
        earliest = std::min(earliest, f.first);
        out.facts.first_last = std::max(out.facts.first_last, f.first);
        out.facts.last = std::max(out.facts.last, last);
        row.flow = &f;
        row.first = static_cast<std::uint64_t>(f.first.micros());
        first_by.add(row.first);
        row.duration = span_of(f.first, last);
        duration.add(row.duration);
        duration_by.add(row.duration);
        row.near = hosts.number(f.client.address);
        row.far = hosts.number(f.server.address);
        row.low_port = std::min(net::number(f.client.port), net::number(f.server.port));
        row.high_port = std::max(net::number(f.client.port), net::number(f.server.port));
        ++port_counts[row.low_port];
        high_port.add(row.high_port);
        const std::uint64_t low_is_clients = row.low_port == net::number(f.client.port) ? kLowIsClients : 0;
        row.kind = kinds.number(kind_bits(f) | low_is_clients);
        row.sampling = f.sampling;
        sampling.add(f.sampling);
        row.counts = {f.request.packets, f.request.bytes, f.request.payload_bytes, f.reply.packets, f.reply.bytes, f.reply.payload_bytes};
        for (std::size_t c = 0; c < counts.size(); ++c) { counts[c].add(row.counts[c]); }
        row.marks = {marks.number(mark_bits(f.request)), marks.number(mark_bits(f.reply))};
        mark_bounds[0].add(row.marks[0]);
        mark_bounds[1].add(row.marks[1]);
        row.has_extras = has_extras(f);
        extras = extras || row.has_extras;
        out.derived_ids = out.derived_ids && f.id == make_flow_id(observers[static_cast<std::size_t>(f.observer)], f.client, f.server, f.protocol, f.first, f.tunnel_depth);
    }
    out.facts.rows = static_cast<std::uint32_t>(flows.size());
    out.facts.first = earliest;
    out.facts.longest = Duration(static_cast<std::int64_t>(std::min<std::uint64_t>(duration.high, std::numeric_limits<std::int64_t>::max())));

    const std::vector<std::uint64_t> weights = network_weights(hosts);
    const std::vector<std::uint32_t> host_rank = sort_hosts(hosts.keys(), out.hosts);
    std::vector<std::uint16_t> ports;
    std::vector<std::uint32_t> having;
    for (std::size_t p = 0; p < port_counts.size(); ++p) {
        if (port_counts[p] == 0) { continue; }
        ports.push_back(static_cast<std::uint16_t>(p));
        having.push_back(port_counts[p]);
    }
    Ranking<std::uint16_t> ranked_ports(ports, having);
    std::vector<std::uint16_t> port_rank(65'536, 0);
    for (std::size_t r = 0; r < ranked_ports.ranked.size(); ++r) { port_rank[ranked_ports.ranked[r]] = static_cast<std::uint16_t>(r); }
    Ranking<std::uint64_t> ranked_marks(marks.keys(), marks.counts());
    Numbering<std::uint64_t> whole_kinds;
    for (SegmentRow& row : out.rows) {
        row.first -= static_cast<std::uint64_t>(earliest.micros());
        const std::uint32_t client = row.near;
        const std::uint32_t server = row.far;
        const bool near_is_client = client == server || std::tie(weights[client], hosts.counts()[client]) > std::tie(weights[server], hosts.counts()[server]);
        row.near = host_rank[near_is_client ? client : server];
        row.far = host_rank[near_is_client ? server : client];
        row.low_port = port_rank[row.low_port];
        row.marks = {ranked_marks.rank_of[row.marks[0]], ranked_marks.rank_of[row.marks[1]]};
        row.kind = whole_kinds.number(kinds.keys()[row.kind] | (near_is_client ? kNearIsClient : 0));
    }
    Ranking<std::uint64_t> ranked_kinds(whole_kinds.keys(), whole_kinds.counts());
    for (SegmentRow& row : out.rows) { row.kind = ranked_kinds.rank_of[row.kind]; }

    const auto shape = [&](Column c, std::uint64_t low, std::uint64_t high, std::uint64_t scale = 1) { out.shapes[static_cast<std::size_t>(c)] = {.min = low, .max = high, .scale = scale}; };
    const auto numbered = [&](Column c, std::size_t size) { shape(c, 0, size - 1); };
    shape(Column::first, 0, span_of(earliest, out.facts.first_last), first_by.scale());
    shape(Column::duration, duration.low, duration.high, duration_by.scale());
    numbered(Column::client, out.hosts.size());
    numbered(Column::server, out.hosts.size());
    numbered(Column::client_port, ranked_ports.ranked.size());
    shape(Column::server_port, high_port.low, high_port.high);
    numbered(Column::kind, ranked_kinds.ranked.size());
    shape(Column::sampling, sampling.low, sampling.high);
    constexpr std::array<Column, 6> kCounts{Column::request_packets, Column::request_bytes, Column::request_payload, Column::reply_packets, Column::reply_bytes, Column::reply_payload};
    for (std::size_t c = 0; c < kCounts.size(); ++c) { shape(kCounts[c], counts[c].low, counts[c].high); }
    for (std::size_t m = 0; m < 2; ++m) {
        const Column column = m == 0 ? Column::request_marks : Column::reply_marks;
        if (mark_bounds[m].low == mark_bounds[m].high) { shape(column, ranked_marks.rank_of[mark_bounds[m].low], ranked_marks.rank_of[mark_bounds[m].low]); }
        else { numbered(column, ranked_marks.ranked.size()); }
    }
    shape(Column::extra, 0, extras ? 0xffff'ffffU : 0);
    shape(Column::id, 0, out.derived_ids ? 0 : ~std::uint64_t{0});
    out.kinds = std::move(ranked_kinds.ranked);
    out.marks = std::move(ranked_marks.ranked);
    out.ports = std::move(ranked_ports.ranked);
    return out;
}

}  // namespace hw::flow::store
