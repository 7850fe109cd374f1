#include "flow/store/segment_rows.hpp"

#include "flow/store/extras.hpp"
#include "flow/store/radix.hpp"
#include "flow/store/segment_front.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace hw::flow::store {
namespace {
namespace segment_rows_detail {

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

std::uint64_t span_of(Time from, Time to) { return static_cast<std::uint64_t>(to.micros()) - static_cast<std::uint64_t>(from.micros()); }

/// What the order of rows needs of a host, together so that it takes one look into memory.
struct HostFacts {
    std::uint64_t weight = 0;  ///< How many flow ends of the segment lie in its network.
    std::uint32_t count = 0;
    std::uint32_t rank = 0;    ///< Among the sorted hosts.
};

void weigh_networks(const Numbering<net::Address>& hosts, std::vector<HostFacts>& facts) {
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
    for (std::size_t h = 0; h < facts.size(); ++h) {
        facts[h].weight = ends[network_of[h]];
        facts[h].count = hosts.counts()[h];
    }
}

/// Puts the hosts in order, and sets each one's rank.
void sort_hosts(const std::vector<net::Address>& keys, std::vector<HostFacts>& facts, std::vector<net::Address>& sorted) {
    std::vector<std::uint64_t> v4;
    std::vector<std::uint32_t> order;
    v4.reserve(keys.size());
    for (std::uint32_t h = 0; h < keys.size(); ++h) {
        if (keys[h].is_v4()) { v4.push_back(std::uint64_t{keys[h].v4_bits()} << 32U | h); }
        else { order.push_back(h); }
    }
    sort_by_upper(v4);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return host_before(keys[a], keys[b]); });
    sorted.clear();
    sorted.reserve(keys.size());
    const auto place = [&](std::uint32_t host, const net::Address& address) {
        facts[host].rank = static_cast<std::uint32_t>(sorted.size());
        sorted.push_back(address);
    };
    for (const std::uint64_t v : v4) { place(static_cast<std::uint32_t>(v), net::Address::v4(static_cast<std::uint32_t>(v >> 32U))); }
    for (const std::uint32_t h : order) { place(h, keys[h]); }
}

}  // namespace segment_rows_detail
}  // namespace

void RowCollector::Divisor::add(std::uint64_t v) {
    const std::uint64_t distance = v > from ? v - from : from - v;
    if (divisor == 1 || (divisor != 0 && by.divides(distance))) { return; }
    divisor = std::gcd(divisor, distance);
    if (divisor != 0) { by = ExactDivision(divisor); }
}

void RowCollector::add(const Flow& f, std::string_view observer) {
    using namespace segment_rows_detail;
    const Time last = std::max(f.first, f.last);
    SegmentFacts& facts = all_.facts;
    if (all_.rows.empty()) {
        facts.first = facts.first_last = f.first;
        facts.last = last;
        first_by_.from = static_cast<std::uint64_t>(f.first.micros());
        duration_by_.from = span_of(f.first, last);
        port_counts_.resize(65'536);
    }
    facts.first = std::min(facts.first, f.first);
    facts.first_last = std::max(facts.first_last, f.first);
    facts.last = std::max(facts.last, last);
    constexpr std::size_t kMany = 65'536;  // from here on there will be more: what grows by doubling moves all of it, and more than once
    if (all_.rows.size() == kMany) { all_.rows.reserve(kSegmentRows); }
    SegmentRow& row = all_.rows.emplace_back();
    row.first = static_cast<std::uint64_t>(f.first.micros());
    first_by_.add(row.first);
    row.duration = span_of(f.first, last);
    duration_.add(row.duration);
    duration_by_.add(row.duration);
    row.near = hosts_.number(f.client.address);
    row.far = hosts_.number(f.server.address);
    row.low_port = std::min(net::number(f.client.port), net::number(f.server.port));
    row.high_port = std::max(net::number(f.client.port), net::number(f.server.port));
    ++port_counts_[row.low_port];
    high_port_.add(row.high_port);
    const std::uint64_t low_is_clients = row.low_port == net::number(f.client.port) ? kLowIsClients : 0;
    row.kind = kinds_.number(kind_bits(f) | low_is_clients);
    row.observer = static_cast<std::uint16_t>(f.observer);
    row.tunnel_depth = f.tunnel_depth;
    row.sampling = f.sampling;
    sampling_.add(f.sampling);
    row.counts = {f.request.packets, f.request.bytes, f.request.payload_bytes, f.reply.packets, f.reply.bytes, f.reply.payload_bytes};
    for (std::size_t c = 0; c < counts_.size(); ++c) { counts_[c].add(row.counts[c]); }
    row.marks = {marks_.number(mark_bits(f.request)), marks_.number(mark_bits(f.reply))};
    mark_bounds_[0].add(row.marks[0]);
    mark_bounds_[1].add(row.marks[1]);
    const std::size_t begin = extras_.size();
    extras_.resize(begin + sizeof(std::uint32_t));
    if (append_extras(extras_, f)) {
        row.extras = begin + 1;
        const auto size = static_cast<std::uint32_t>(extras_.size() - begin - sizeof(std::uint32_t));
        std::memcpy(&extras_[begin], &size, sizeof size);
    } else {
        extras_.resize(begin);
    }
    row.id = static_cast<std::uint64_t>(f.id);
    all_.derived_ids = all_.derived_ids && f.id == make_flow_id(observer, f.client, f.server, f.protocol, f.first, f.tunnel_depth);
}

void RowCollector::add_all(std::span<const Flow* const> flows, std::span<const std::string> observers) {
    using namespace segment_rows_detail;
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        if (i + 4 * kAhead < flows.size()) { prefetch_flow(*flows[i + 4 * kAhead]); }
        if (i + 2 * kAhead < flows.size()) { prefetch(*flows[i + 2 * kAhead]); }
        if (i + kAhead < flows.size()) { prefetch_next(*flows[i + kAhead]); }
        add(*flows[i], observers[static_cast<std::size_t>(flows[i]->observer)]);
    }
}

const SegmentRows& RowCollector::finish() {
    using namespace segment_rows_detail;
    all_.facts.rows = static_cast<std::uint32_t>(all_.rows.size());
    all_.facts.longest = Duration(static_cast<std::int64_t>(std::min<std::uint64_t>(duration_.high, std::numeric_limits<std::int64_t>::max())));
    std::vector<HostFacts> hosts(hosts_.keys().size());
    weigh_networks(hosts_, hosts);
    sort_hosts(hosts_.keys(), hosts, all_.hosts);
    std::vector<std::uint16_t> ports;
    std::vector<std::uint32_t> having;
    for (std::size_t p = 0; p < port_counts_.size(); ++p) {
        if (port_counts_[p] == 0) { continue; }
        ports.push_back(static_cast<std::uint16_t>(p));
        having.push_back(port_counts_[p]);
    }
    Ranking<std::uint16_t> ranked_ports(ports, having);
    std::vector<std::uint16_t> port_rank(65'536, 0);
    for (std::size_t r = 0; r < ranked_ports.ranked.size(); ++r) { port_rank[ranked_ports.ranked[r]] = static_cast<std::uint16_t>(r); }
    Ranking<std::uint64_t> ranked_marks(marks_.keys(), marks_.counts());
    Numbering<std::uint64_t> whole_kinds;
    constexpr std::size_t kAhead = 12;
    for (std::size_t i = 0; i < all_.rows.size(); ++i) {
        if (i + kAhead < all_.rows.size()) {
            __builtin_prefetch(&hosts[all_.rows[i + kAhead].near]);
            __builtin_prefetch(&hosts[all_.rows[i + kAhead].far]);
        }
        SegmentRow& row = all_.rows[i];
        row.first -= static_cast<std::uint64_t>(all_.facts.first.micros());
        const HostFacts& client = hosts[row.near];
        const HostFacts& server = hosts[row.far];
        const bool near_is_client = &client == &server || std::tie(client.weight, client.count) > std::tie(server.weight, server.count);
        row.near = near_is_client ? client.rank : server.rank;
        row.far = near_is_client ? server.rank : client.rank;
        row.low_port = port_rank[row.low_port];
        row.marks = {ranked_marks.rank_of[row.marks[0]], ranked_marks.rank_of[row.marks[1]]};
        row.kind = whole_kinds.number(kinds_.keys()[row.kind] | (near_is_client ? kNearIsClient : 0));
    }
    Ranking<std::uint64_t> ranked_kinds(whole_kinds.keys(), whole_kinds.counts());
    for (SegmentRow& row : all_.rows) { row.kind = ranked_kinds.rank_of[row.kind]; }
    all_.kinds = std::move(ranked_kinds.ranked);
    all_.marks = std::move(ranked_marks.ranked);
    all_.ports = std::move(ranked_ports.ranked);
    set_shapes(ranked_marks.rank_of);
    return all_;
}

void RowCollector::set_shapes(const std::vector<std::uint32_t>& rank_of_mark) {
    using namespace segment_rows_detail;
    const auto shape = [&](Column c, std::uint64_t low, std::uint64_t high, std::uint64_t scale = 1) { all_.shapes[static_cast<std::size_t>(c)] = {.min = low, .max = high, .scale = scale}; };
    const auto numbered = [&](Column c, std::size_t size) { shape(c, 0, size - 1); };
    shape(Column::first, 0, span_of(all_.facts.first, all_.facts.first_last), first_by_.scale());
    shape(Column::duration, duration_.low, duration_.high, duration_by_.scale());
    numbered(Column::client, all_.hosts.size());
    numbered(Column::server, all_.hosts.size());
    numbered(Column::client_port, all_.ports.size());
    shape(Column::server_port, high_port_.low, high_port_.high);
    numbered(Column::kind, all_.kinds.size());
    shape(Column::sampling, sampling_.low, sampling_.high);
    constexpr std::array<Column, 6> kCounts{Column::request_packets, Column::request_bytes, Column::request_payload, Column::reply_packets, Column::reply_bytes, Column::reply_payload};
    for (std::size_t c = 0; c < kCounts.size(); ++c) { shape(kCounts[c], counts_[c].low, counts_[c].high); }
    for (std::size_t m = 0; m < 2; ++m) {
        const Column column = m == 0 ? Column::request_marks : Column::reply_marks;
        if (mark_bounds_[m].low == mark_bounds_[m].high) { shape(column, rank_of_mark[mark_bounds_[m].low], rank_of_mark[mark_bounds_[m].low]); }
        else { numbered(column, all_.marks.size()); }
    }
    shape(Column::extra, 0, extras_.empty() ? 0 : 0xffff'ffffU);
    shape(Column::id, 0, all_.derived_ids ? 0 : ~std::uint64_t{0});
}

void RowCollector::clear() {
    all_.rows.clear();
    all_.derived_ids = true;
    hosts_.clear();
    kinds_.clear();
    marks_.clear();
    std::ranges::fill(port_counts_, 0U);
    counts_ = {};
    duration_ = sampling_ = high_port_ = {};
    mark_bounds_ = {};
    first_by_ = duration_by_ = {};
    extras_.clear();
}

}  // namespace hw::flow::store
