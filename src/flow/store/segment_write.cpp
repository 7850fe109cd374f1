#include "flow/store/extras.hpp"
#include "flow/store/segment.hpp"
#include "flow/store/segment_front.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <xxhash.h>

namespace hw::flow::store {
namespace {
namespace segment_write_detail {

std::vector<net::Address> hosts_in(std::span<const Flow> flows) {
    std::vector<net::Address> hosts;
    hosts.reserve(flows.size() * 2);
    for (const Flow& flow : flows) {
        hosts.push_back(flow.client.address);
        hosts.push_back(flow.server.address);
    }
    std::ranges::sort(hosts, host_before);
    const auto doubles = std::ranges::unique(hosts);
    hosts.erase(doubles.begin(), doubles.end());
    return hosts;
}

template <typename Of>
std::vector<std::uint64_t> distinct(std::span<const Flow> flows, const Of& of) {
    std::vector<std::uint64_t> all;
    for (const Flow& flow : flows) { of(flow, all); }
    std::ranges::sort(all);
    const auto doubles = std::ranges::unique(all);
    all.erase(doubles.begin(), doubles.end());
    return all;
}

std::uint64_t place_in(const std::vector<std::uint64_t>& sorted, std::uint64_t value) {
    return static_cast<std::uint64_t>(std::ranges::lower_bound(sorted, value) - sorted.begin());
}

std::uint64_t span_of(Time from, Time to) { return static_cast<std::uint64_t>(to.micros()) - static_cast<std::uint64_t>(from.micros()); }

/// The rows of a segment, column by column.
struct Table {
    std::array<std::vector<std::uint64_t>, kColumns> columns;
    std::vector<std::uint64_t>& operator[](Column c) { return columns[static_cast<std::size_t>(c)]; }
};

ColumnShapes shapes_of(const Table& table) {
    ColumnShapes shapes;
    for (std::size_t c = 0; c < kColumns; ++c) {
        const auto& values = table.columns[c];
        const auto [low, high] = std::ranges::minmax(values);
        shapes[c] = {.min = low, .max = high, .scale = 1};
        if (c > static_cast<std::size_t>(Column::duration) || low == high) { continue; }
        std::uint64_t divisor = 0;
        for (const std::uint64_t v : values) {
            divisor = std::gcd(divisor, v - low);
            if (divisor == 1) { break; }
        }
        shapes[c].scale = std::max<std::uint64_t>(divisor, 1);
    }
    return shapes;
}

void append_all(std::vector<std::byte>& out, std::span<const std::uint64_t> values) {
    for (const std::uint64_t v : values) { append_little(out, v); }
}

}  // namespace segment_write_detail
}  // namespace

std::vector<std::byte> write_segment(std::span<const Flow> flows, std::span<const std::string> observers) {
    using namespace segment_write_detail;
    std::vector<const Flow*> rows;
    rows.reserve(flows.size());
    for (const Flow& flow : flows) { rows.push_back(&flow); }
    std::ranges::sort(rows, [](const Flow* a, const Flow* b) {
        return std::tie(a->first, a->id, a->observer, a->tunnel_depth, a->last) < std::tie(b->first, b->id, b->observer, b->tunnel_depth, b->last);
    });
    const std::vector<net::Address> hosts = hosts_in(flows);
    const auto kinds = distinct(flows, [](const Flow& f, auto& all) { all.push_back(kind_bits(f)); });
    const auto marks = distinct(flows, [](const Flow& f, auto& all) {
        all.push_back(mark_bits(f.request));
        all.push_back(mark_bits(f.reply));
    });

    FrontFields front;
    front.facts.rows = static_cast<std::uint32_t>(rows.size());
    front.facts.first = rows.front()->first;
    front.facts.first_last = rows.back()->first;
    front.facts.last = rows.front()->last;
    front.observers.assign(observers.begin(), observers.end());

    Table table;
    std::vector<HostRow> ends;
    ends.reserve(rows.size() * 2);
    std::vector<std::vector<std::byte>> extras((rows.size() + kGroupRows - 1) / kGroupRows);
    const auto host_number = [&](const net::Address& a) { return static_cast<std::uint64_t>(std::ranges::lower_bound(hosts, a, host_before) - hosts.begin()); };
    for (auto& column : table.columns) { column.reserve(rows.size()); }
    for (std::size_t r = 0; r < rows.size(); ++r) {
        const Flow& f = *rows[r];
        const Time last = std::max(f.first, f.last);
        const std::uint64_t client = host_number(f.client.address);
        const std::uint64_t server = host_number(f.server.address);
        ends.push_back({static_cast<std::uint32_t>(client), static_cast<std::uint32_t>(r)});
        if (client != server) { ends.push_back({static_cast<std::uint32_t>(server), static_cast<std::uint32_t>(r)}); }
        auto& extra = extras[r / kGroupRows];
        const std::uint64_t at = extra.size() + 1;
        table[Column::extra].push_back(append_extras(extra, f) ? at : 0);
        const bool derived = f.id == make_flow_id(observers[static_cast<std::size_t>(f.observer)], f.client, f.server, f.protocol, f.first, f.tunnel_depth);
        front.derived_ids = front.derived_ids && derived;
        table[Column::first].push_back(span_of(front.facts.first, f.first));
        table[Column::duration].push_back(span_of(f.first, last));
        table[Column::client].push_back(client);
        table[Column::server].push_back(server);
        table[Column::client_port].push_back(net::number(f.client.port));
        table[Column::server_port].push_back(net::number(f.server.port));
        table[Column::kind].push_back(place_in(kinds, kind_bits(f)));
        table[Column::sampling].push_back(f.sampling);
        table[Column::request_packets].push_back(f.request.packets);
        table[Column::request_bytes].push_back(f.request.bytes);
        table[Column::request_payload].push_back(f.request.payload_bytes);
        table[Column::reply_packets].push_back(f.reply.packets);
        table[Column::reply_bytes].push_back(f.reply.bytes);
        table[Column::reply_payload].push_back(f.reply.payload_bytes);
        table[Column::request_marks].push_back(place_in(marks, mark_bits(f.request)));
        table[Column::reply_marks].push_back(place_in(marks, mark_bits(f.reply)));
        table[Column::id].push_back(static_cast<std::uint64_t>(f.id));
        front.facts.last = std::max(front.facts.last, last);
        front.facts.longest = std::max(front.facts.longest, last - f.first);
    }
    if (front.derived_ids) { std::ranges::fill(table[Column::id], 0); }
    front.shapes = shapes_of(table);

    std::vector<std::byte> data;
    std::vector<std::byte> index;
    const auto group = std::make_unique<GroupValues>();
    for (std::size_t g = 0; g < extras.size(); ++g) {
        const std::size_t begin = g * kGroupRows;
        group->rows = std::min(kGroupRows, rows.size() - begin);
        std::int64_t latest = std::numeric_limits<std::int64_t>::min();
        for (std::size_t i = 0; i < group->rows; ++i) {
            for (std::size_t c = 0; c < kColumns; ++c) { group->values[c][i] = table.columns[c][begin + i]; }
            latest = std::max({latest, rows[begin + i]->last.micros(), rows[begin + i]->first.micros()});
        }
        group->extras = std::move(extras[g]);
        append_little(index, static_cast<std::uint64_t>(data.size()));
        append_little(index, rows[begin]->first.micros());
        append_little(index, latest);
        encode_group(data, *group, front.shapes);
    }
    const auto add_section = [&](std::size_t kind, const std::vector<std::byte>& bytes) {
        front.sections[kind] = {.offset = data.size(), .size = bytes.size()};
        data.insert(data.end(), bytes.begin(), bytes.end());
    };
    front.sections[0] = {.offset = 0, .size = data.size()};
    add_section(1, index);
    std::vector<std::byte> words;
    append_all(words, kinds);
    add_section(2, words);
    words.clear();
    append_all(words, marks);
    add_section(3, words);
    std::ranges::sort(ends, [](const HostRow& a, const HostRow& b) { return std::tie(a.host, a.row) < std::tie(b.host, b.row); });
    const HostIndexBytes hosts_bytes = write_host_index(hosts, ends);
    add_section(4, hosts_bytes.hosts);
    add_section(5, hosts_bytes.entries);
    add_section(6, hosts_bytes.lists);
    return assemble_segment(front, data);
}

}  // namespace hw::flow::store
