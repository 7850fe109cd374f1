#include "flow/store/host_pages.hpp"
#include "flow/store/records.hpp"
#include "flow/store/segment.hpp"
#include "flow/store/segment_front.hpp"
#include "flow/store/segment_rows.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace hw::flow::store {
namespace {
namespace segment_write_detail {

void append_all(std::vector<std::byte>& out, std::span<const std::uint64_t> values) {
    for (const std::uint64_t v : values) { append_little(out, v); }
}

/// What the order of a row rests on, apart from the row, which is far larger.
struct Placed {
    std::uint64_t first = 0;
    std::uint32_t row = 0;
    std::uint32_t far = 0;
};
/// The rows in the order in which they are to lie, and where each near host's begin.
struct Order {
    std::vector<Placed> rows;
    std::vector<std::uint32_t> begins;
};

/// By near end, then first packet. Rows of one host stay as they came where they came in this order.
Order order_of(const SegmentRows& all) {
    Order order;
    order.begins.assign(all.hosts.size() + 1, 0);
    for (const SegmentRow& row : all.rows) { ++order.begins[row.near + 1]; }
    std::partial_sum(order.begins.begin(), order.begins.end(), order.begins.begin());
    order.rows.resize(all.rows.size());
    std::vector<std::uint32_t> next(order.begins.begin(), order.begins.end() - 1);
    for (std::uint32_t i = 0; i < all.rows.size(); ++i) {
        const SegmentRow& row = all.rows[i];
        order.rows[next[row.near]++] = {.first = row.first, .row = i, .far = row.far};
    }
    const auto before = [&](const Placed& a, const Placed& b) {
        if (a.first != b.first) { return a.first < b.first; }
        const SegmentRow& x = all.rows[a.row];
        const SegmentRow& y = all.rows[b.row];
        return std::tie(x.id, x.observer, x.tunnel_depth, x.duration) < std::tie(y.id, y.observer, y.tunnel_depth, y.duration);
    };
    for (std::size_t h = 0; h + 1 < order.begins.size(); ++h) {
        const auto of_host = std::span(order.rows).subspan(order.begins[h], order.begins[h + 1] - order.begins[h]);
        if (of_host.size() > 1 && !std::ranges::is_sorted(of_host, before)) { std::ranges::stable_sort(of_host, before); }
    }
    return order;
}

/// Where the rows of each host are: those under it, and a list of those under another.
std::vector<HostRows> list_rows(const SegmentRows& all, const Order& order, std::vector<std::byte>& lists) {
    const auto hosts = all.hosts.size();
    std::vector<std::uint32_t> begins(hosts + 1, 0);
    for (const SegmentRow& row : all.rows) { begins[row.far + 1] += row.far != row.near ? 1U : 0U; }
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<std::uint32_t> far_rows(begins.back());
    std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
    for (std::uint32_t near = 0; near < hosts; ++near) {
        for (std::uint32_t r = order.begins[near]; r < order.begins[near + 1]; ++r) {
            const std::uint32_t far = order.rows[r].far;
            if (far != near) { far_rows[next[far]++] = r; }
        }
    }
    std::vector<HostRows> places(hosts);
    for (std::size_t h = 0; h < hosts; ++h) {
        places[h].begin = order.begins[h];
        const auto of_host = std::span(far_rows).subspan(begins[h], begins[h + 1] - begins[h]);
        if (of_host.size() == 1) { places[h].list = HostRows::kOnly | of_host.front(); }
        if (of_host.size() < 2) { continue; }
        places[h].list = static_cast<std::uint32_t>(lists.size());
        append_row_list(lists, of_host, static_cast<std::uint32_t>(all.rows.size()));
    }
    lists.resize(lists.size() + kPackedSlack);
    return places;
}

void set_values(GroupValues& group, std::size_t i, const RowCollector& flows, const SegmentRow& row, bool with_ids) {
    const auto set = [&](Column c, std::uint64_t v) { group.values[static_cast<std::size_t>(c)][i] = v; };
    set(Column::first, row.first);
    set(Column::duration, row.duration);
    set(Column::client, row.near);
    set(Column::server, row.far);
    set(Column::client_port, row.low_port);
    set(Column::server_port, row.high_port);
    set(Column::kind, row.kind);
    set(Column::sampling, row.sampling);
    set(Column::request_packets, row.counts[0]);
    set(Column::request_bytes, row.counts[1]);
    set(Column::request_payload, row.counts[2]);
    set(Column::reply_packets, row.counts[3]);
    set(Column::reply_bytes, row.counts[4]);
    set(Column::reply_payload, row.counts[5]);
    set(Column::request_marks, row.marks[0]);
    set(Column::reply_marks, row.marks[1]);
    std::uint64_t extra = 0;
    if (row.extras != 0) {
        extra = group.extras.size() + 1;
        const auto bytes = flows.extras(row);
        group.extras.insert(group.extras.end(), bytes.begin(), bytes.end());
    }
    set(Column::extra, extra);
    set(Column::id, with_ids ? row.id : 0);
}

}  // namespace segment_write_detail
}  // namespace

void write_rows(RowCollector& flows, std::span<const std::string> observers, SegmentImage& image) {
    using namespace segment_write_detail;
    const SegmentRows& all = flows.finish();
    const Order order = order_of(all);
    FrontFields front;
    front.facts = all.facts;
    front.observers.assign(observers.begin(), observers.end());
    front.derived_ids = all.derived_ids;
    front.shapes = all.shapes;
    const RecordLayout layout(front.shapes);

    std::vector<std::byte>& data = image.data;
    data.clear();
    data.reserve(all.rows.size() * 24 + flows.extras_size());
    const auto add_section = [&](std::size_t kind, const std::vector<std::byte>& bytes) {
        front.sections[kind] = {.offset = data.size(), .size = bytes.size()};
        data.insert(data.end(), bytes.begin(), bytes.end());
    };
    std::vector<std::byte> lists;
    const std::vector<HostRows> places = list_rows(all, order, lists);
    const HostPagesBytes hosts = write_host_pages(all.hosts, places);
    add_section(4, hosts.pages);  // first, so that its pages are pages of the file

    const std::size_t count = (order.rows.size() + kGroupRows - 1) / kGroupRows;
    std::vector<std::byte> index(count * 24);
    add_section(1, index);  // filled when the groups are there
    add_section(5, hosts.fences);
    std::vector<std::byte> words;
    append_all(words, all.kinds);
    add_section(2, words);
    words.clear();
    append_all(words, all.marks);
    add_section(3, words);
    words.clear();
    for (const std::uint16_t port : all.ports) { append_little(words, port); }
    add_section(7, words);
    add_section(6, lists);

    front.sections[0].offset = data.size();
    index.clear();
    const auto group = std::make_unique<GroupValues>();
    constexpr std::size_t kAhead = 12;
    for (std::size_t begin = 0; begin < order.rows.size(); begin += kGroupRows) {
        group->rows = std::min(kGroupRows, order.rows.size() - begin);
        group->extras.clear();
        std::uint64_t earliest = ~std::uint64_t{0};
        std::uint64_t latest = 0;
        for (std::size_t i = 0; i < group->rows; ++i) {
            if (begin + i + kAhead < order.rows.size()) {
                const SegmentRow* ahead = &all.rows[order.rows[begin + i + kAhead].row];
                __builtin_prefetch(ahead);
                __builtin_prefetch(reinterpret_cast<const char*>(ahead) + 64);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): an address only
                flows.prefetch_extras(all.rows[order.rows[begin + i + kAhead / 2].row]);
            }
            const SegmentRow& row = all.rows[order.rows[begin + i].row];
            set_values(*group, i, flows, row, !all.derived_ids);
            earliest = std::min(earliest, row.first);
            latest = std::max(latest, row.first + row.duration);
        }
        const std::uint64_t place = data.size() - front.sections[0].offset;
        const std::uint64_t stride = write_records(data, *group, layout);
        append_little(index, place | stride << 40U);
        append_little(index, static_cast<std::uint64_t>(all.facts.first.micros()) + earliest);
        append_little(index, static_cast<std::uint64_t>(all.facts.first.micros()) + latest);
    }
    front.sections[0].size = data.size() - front.sections[0].offset;
    std::ranges::copy(index, data.begin() + static_cast<std::ptrdiff_t>(front.sections[1].offset));
    image.front = write_front(front, data);
    image.facts = all.facts;
}

std::vector<std::byte> write_segment(std::span<const Flow* const> flows, std::span<const std::string> observers) {
    using namespace segment_write_detail;
    RowCollector rows;
    rows.add_all(flows, observers);
    SegmentImage image;
    write_rows(rows, observers, image);
    image.front.insert(image.front.end(), image.data.begin(), image.data.end());
    return std::move(image.front);
}

std::vector<std::byte> write_segment(std::span<const Flow> flows, std::span<const std::string> observers) {
    std::vector<const Flow*> rows;
    rows.reserve(flows.size());
    for (const Flow& flow : flows) { rows.push_back(&flow); }
    return write_segment(rows, observers);
}

}  // namespace hw::flow::store
