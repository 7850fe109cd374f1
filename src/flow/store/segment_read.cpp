#include "flow/store/extras.hpp"
#include "flow/store/segment.hpp"
#include "flow/store/segment_front.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace hw::flow::store {
namespace {
namespace segment_read_detail {

constexpr std::size_t kGroupEntry = 24;
constexpr unsigned kStrideShift = 40;  // version 2: above it in a group's place are the bits of a record

Time plus(Time from, std::uint64_t micros) { return Time::from_micros(static_cast<std::int64_t>(static_cast<std::uint64_t>(from.micros()) + micros)); }

/// `time` − `by`, and not before the beginning of all times.
std::int64_t back(Time time, Duration by) {
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    return time.micros() < least + by.count() ? least : time.micros() - by.count();
}


/// Asks for the memory that a row's look-up columns lie in. Inlined always: g++ leaves out calls of functions that do nothing else.
[[gnu::always_inline]] inline void fetch(const std::byte* group, const std::byte* record) {
    __builtin_prefetch(group);
    __builtin_prefetch(group + 64);
    __builtin_prefetch(record);
    __builtin_prefetch(record + 8);
}

}  // namespace segment_read_detail
}  // namespace

Segment::GroupPlace Segment::place_of(std::size_t group) const {
    using namespace segment_read_detail;
    const std::byte* entry = section(kGroupIndex).data() + group * kGroupEntry;
    const std::size_t groups = sections_[kGroupIndex].size / kGroupEntry;
    const auto word = load_little<std::uint64_t>(entry);
    const std::uint64_t mask = version_ == 1 ? ~std::uint64_t{0} : (std::uint64_t{1} << kStrideShift) - 1;
    const std::uint64_t begin = word & mask;
    const std::uint64_t end = group + 1 < groups ? load_little<std::uint64_t>(entry + kGroupEntry) & mask : sections_[kGroups].size;
    if (begin > end || end > sections_[kGroups].size) { return {}; }
    return {.offset = sections_[kGroups].offset + begin, .size = end - begin, .stride = version_ == 1 ? 0 : static_cast<std::uint32_t>(word >> kStrideShift)};
}

template <typename View>
Result<View> Segment::view_of(std::size_t number) const {
    const GroupPlace place = place_of(number);
    if (place.size == 0) { return damaged(data_start_ + sections_[kGroupIndex].offset, "the index of groups"); }
    if (!verified(place.offset, place.size)) { return damaged(data_start_ + place.offset, "rows of a segment"); }
    const std::size_t rows = std::min(kGroupRows, facts_.rows - number * kGroupRows);
    const auto bytes = data_.subspan(place.offset, place.size);
    const auto view = [&] {
        if constexpr (std::is_same_v<View, GroupView>) { return GroupView::open(bytes, rows, shapes_); }
        else { return RecordView::open(bytes, rows, place.stride, layout_); }
    }();
    if (!view) { return damaged(data_start_ + place.offset, "rows of a segment are not as they should be"); }
    return *view;
}

bool Segment::reopen(RecordView& view, std::size_t number) const {
    const GroupPlace place = place_of(number);
    if (place.size == 0) { return false; }
    if (!group_checked_[number].load(std::memory_order_relaxed)) {
        if (!verified(place.offset, place.size)) { return false; }
        group_checked_[number].store(true, std::memory_order_relaxed);
    }
    return view.reopen(data_.subspan(place.offset, place.size), std::min(kGroupRows, facts_.rows - number * kGroupRows), place.stride, layout_);
}

Result<std::pair<std::uint32_t, std::uint32_t>> Segment::row_range(Interval interval) const {
    using namespace segment_read_detail;
    const std::byte* index = section(kGroupIndex).data();
    const std::size_t groups = sections_[kGroupIndex].size / kGroupEntry;
    const auto first_of = [&](std::size_t g) { return load_little<std::int64_t>(index + g * kGroupEntry + 8); };
    const auto groups_until = [&](std::int64_t time) {  // how many groups begin at or before `time`
        std::size_t low = 0;
        for (std::size_t high = groups; low < high;) {
            const std::size_t middle = low + (high - low) / 2;
            if (first_of(middle) <= time) { low = middle + 1; }
            else { high = middle; }
        }
        return low;
    };
    const std::size_t from = groups_until(back(interval.from, facts_.longest));
    // Groups with equal first packets may stand before the one found: go back over them.
    std::size_t begin = from == 0 ? 0 : from - 1;
    while (begin > 0 && first_of(begin) >= back(interval.from, facts_.longest)) { --begin; }
    const std::size_t end = groups_until(interval.to.micros());
    return std::pair(static_cast<std::uint32_t>(begin * kGroupRows), static_cast<std::uint32_t>(std::min<std::size_t>(end * kGroupRows, facts_.rows)));
}

const std::byte* Segment::record_at(std::uint32_t row, const std::byte*& group) const {
    const GroupPlace place = place_of(std::min(row, facts_.rows - 1) / kGroupRows);
    const std::uint64_t record = layout_.held * kRecordHeader + std::uint64_t{row % kGroupRows} * place.stride / 8;
    group = data_.data() + place.offset;
    return group + std::min(record, place.size);
}

template <typename View>
Result<void> Segment::keep_overlapping(Interval interval, std::vector<std::uint32_t>& rows, std::size_t from) const {
    using namespace segment_read_detail;
    if (interval.from <= facts_.first && interval.to >= facts_.first_last) { return {}; }  // all began inside the window
    constexpr std::size_t kAhead = 16;
    constexpr bool kNew = std::is_same_v<View, RecordView>;
    const std::byte* index = section(kGroupIndex).data();
    std::size_t kept = from;
    std::size_t open = std::numeric_limits<std::size_t>::max();
    View view;
    bool looked_at = false;  // whether the open group can touch the interval
    RecordView::Picker first_of;
    RecordView::Picker duration_of;
    for (std::size_t i = from; i < rows.size(); ++i) {
        if constexpr (kNew) {
            if (i + kAhead < rows.size()) {
                const std::byte* group = nullptr;
                const std::byte* record = record_at(rows[i + kAhead], group);
                segment_read_detail::fetch(group, record);
            }
        }
        const std::size_t g = rows[i] / kGroupRows;
        if (g != open) {
            open = g;
            const auto earliest = load_little<std::int64_t>(index + g * kGroupEntry + 8);
            const auto latest = load_little<std::int64_t>(index + g * kGroupEntry + 16);
            looked_at = latest >= interval.from.micros() && earliest <= interval.to.micros();
            if (looked_at) {
                if constexpr (kNew) {
                    if (!reopen(view, g)) { HW_TRY(view, view_of<View>(g)); }
                    first_of = view.column(Column::first);
                    duration_of = view.column(Column::duration);
                } else {
                    HW_TRY(view, view_of<View>(g));
                }
            }
        }
        if (!looked_at) { continue; }
        const std::size_t r = rows[i] % kGroupRows;
        std::uint64_t began = 0;
        if constexpr (kNew) { began = first_of(r); }
        else { began = view.value(Column::first, r); }
        const Time first = plus(facts_.first, began);
        if (first > interval.to) { continue; }
        if (first < interval.from) {
            std::uint64_t lasted = 0;
            if constexpr (kNew) { lasted = duration_of(r); }
            else { lasted = view.value(Column::duration, r); }
            if (plus(first, lasted) < interval.from) { continue; }
        }
        rows[kept++] = rows[i];
    }
    rows.resize(kept);
    return {};
}

Result<std::uint32_t> Segment::row_at(std::uint32_t low, std::uint32_t high, std::int64_t time) const {
    using namespace segment_read_detail;
    if (time <= facts_.first.micros()) { return low; }
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        HW_TRY(const auto view, view_of<RecordView>(middle / kGroupRows));
        if (plus(facts_.first, view.value(Column::first, middle % kGroupRows)).micros() < time) { low = middle + 1; }
        else { high = middle; }
    }
    return low;
}

Result<void> Segment::rows_of_old(const net::Address& host, Interval interval, std::vector<std::uint32_t>& out) const {
    const auto number = hosts_.find(host);
    if (!number) { return {}; }
    HW_TRY(const auto range, row_range(interval));
    HW_TRY(const auto entries, whole(kEntries));
    HW_TRY(const auto lists, whole(kLists));
    const std::size_t before = out.size();
    if (!rows_of_host(entries, lists, *number, range.first, range.second, out)) { return damaged(data_start_ + sections_[kLists].offset, "host lists"); }
    return keep_overlapping<GroupView>(interval, out, before);
}

Result<void> Segment::rows_of(const net::Address& host, Interval interval, std::vector<std::uint32_t>& out) const {
    using namespace segment_read_detail;
    if (facts_.first > interval.to || facts_.last < interval.from) { return {}; }
    if (version_ == 1) { return rows_of_old(host, interval, out); }
    const auto [low, high] = pages_.page_of(host);
    if (low == high) { return {}; }
    const std::uint64_t hosts = sections_[kHosts].offset;
    const std::uint64_t page = pages_.place_of(low);
    if (!verified(hosts + page, pages_.place_of(high - 1) + pages_.entry_size(high - 1) - page)) { return damaged(data_start_ + hosts + page, "hosts"); }
    const auto number = pages_.find(host, low, high);
    if (!number) { return {}; }
    const HostRows where = pages_.rows(*number);
    std::uint32_t end = facts_.rows;
    if (*number + 1 < pages_.size()) {
        const std::uint64_t next = pages_.place_of(*number + 1);
        if (!verified(hosts + next, pages_.entry_size(*number + 1))) { return damaged(data_start_ + hosts + next, "hosts"); }
        end = pages_.rows(*number + 1).begin;
    }
    if (where.begin > end || end > facts_.rows) { return damaged(data_start_ + hosts + page, "the rows of a host"); }

    const std::size_t before = out.size();
    if (where.list != HostRows::kNoList) {
        if ((where.list & HostRows::kOnly) != 0) {
            if ((where.list & ~HostRows::kOnly) >= facts_.rows) { return damaged(data_start_ + hosts + page, "the rows of a host"); }
            out.push_back(where.list & ~HostRows::kOnly);
        } else {
            const std::uint64_t lists = sections_[kLists].offset;
            const auto check = [&](std::size_t at, std::size_t size) { return verified(lists + at, size); };
            if (!take_row_list(section(kLists), where.list, facts_.rows, check, out)) { return damaged(data_start_ + lists + where.list, "host lists"); }
        }
        if (unchecked_.load(std::memory_order_relaxed) != 0) {  // asks for all the pieces at once, not one after the other
            for (std::size_t i = before; i < out.size(); ++i) {
                if (i > before && out[i] / kGroupRows == out[i - 1] / kGroupRows) { continue; }
                const GroupPlace place = place_of(out[i] / kGroupRows);
                expect(place.offset, place.size);
            }
        }
        HW_CHECK(keep_overlapping<RecordView>(interval, out, before));
    }
    // The rows under the host are in order of first packet: those that can touch the window are a range, and only those
    // that began before it need a look.
    if (where.begin == end) { return {}; }
    HW_TRY(const std::uint32_t from, row_at(where.begin, end, back(interval.from, facts_.longest)));
    HW_TRY(const std::uint32_t inside, row_at(from, end, interval.from.micros()));
    std::uint32_t to = end;
    if (interval.to < facts_.first_last) { HW_TRY(to, row_at(inside, end, interval.to.micros() + 1)); }
    const auto at = std::ranges::lower_bound(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), where.begin);
    std::vector<std::uint32_t> after(at, out.end());
    out.erase(at, out.end());
    for (std::uint32_t row = from; row < inside; ++row) {
        HW_TRY(const auto view, view_of<RecordView>(row / kGroupRows));
        const std::size_t r = row % kGroupRows;
        if (plus(plus(facts_.first, view.value(Column::first, r)), view.value(Column::duration, r)) >= interval.from) { out.push_back(row); }
    }
    for (std::uint32_t row = inside; row < to; ++row) { out.push_back(row); }
    out.insert(out.end(), after.begin(), after.end());
    return {};
}

Result<void> Segment::rows_in(Interval interval, std::vector<std::uint32_t>& out) const {
    using namespace segment_read_detail;
    if (facts_.first > interval.to || facts_.last < interval.from) { return {}; }
    if (version_ == 1) {
        HW_TRY(const auto range, row_range(interval));
        const std::size_t before = out.size();
        for (std::uint32_t row = range.first; row < range.second; ++row) { out.push_back(row); }
        return keep_overlapping<GroupView>(interval, out, before);
    }
    const bool all = interval.from <= facts_.first && interval.to >= facts_.first_last;
    const std::byte* index = section(kGroupIndex).data();
    for (std::uint32_t begin = 0; begin < facts_.rows; begin += kGroupRows) {
        const std::size_t number = begin / kGroupRows;
        const auto rows = static_cast<std::uint32_t>(std::min<std::size_t>(kGroupRows, facts_.rows - begin));
        const auto earliest = load_little<std::int64_t>(index + number * kGroupEntry + 8);
        const auto latest = load_little<std::int64_t>(index + number * kGroupEntry + 16);
        if (all) {
            for (std::uint32_t r = 0; r < rows; ++r) { out.push_back(begin + r); }
            continue;
        }
        if (latest < interval.from.micros() || earliest > interval.to.micros()) { continue; }
        HW_TRY(const auto view, view_of<RecordView>(number));
        const auto first_of = view.column(Column::first);
        const auto duration_of = view.column(Column::duration);
        for (std::uint32_t r = 0; r < rows; ++r) {
            const Time first = plus(facts_.first, first_of(r));
            if (first > interval.to || (first < interval.from && plus(first, duration_of(r)) < interval.from)) { continue; }
            out.push_back(begin + r);
        }
    }
    return {};
}

template <typename View>
Result<void> Segment::rows_of_size_in(std::uint64_t least, std::vector<std::uint32_t>& out) const {
    for (std::uint32_t begin = 0; begin < facts_.rows; begin += kGroupRows) {
        HW_TRY(const auto view, view_of<View>(begin / kGroupRows));
        if constexpr (std::is_same_v<View, RecordView>) {
            const auto bytes = view.column(Column::request_bytes);
            for (std::size_t r = 0; r < view.rows(); ++r) {
                if (bytes(r) >= least) { out.push_back(begin + static_cast<std::uint32_t>(r)); }
            }
        } else {
            for (std::size_t r = 0; r < view.rows(); ++r) {
                if (view.value(Column::request_bytes, r) >= least) { out.push_back(begin + static_cast<std::uint32_t>(r)); }
            }
        }
    }
    return {};
}

Result<void> Segment::rows_of_size(std::uint64_t least, std::vector<std::uint32_t>& out) const {
    return version_ == 1 ? rows_of_size_in<GroupView>(least, out) : rows_of_size_in<RecordView>(least, out);
}

Result<net::Address> Segment::host_at(std::uint64_t host) const {
    if (version_ == 1) {
        if (host < hosts_.size()) { return hosts_.at(host); }
    } else if (host < pages_.size()) {
        const std::uint64_t place = sections_[kHosts].offset + pages_.place_of(host);
        if (!verified(place, pages_.entry_size(host))) { return damaged(data_start_ + place, "hosts"); }
        return pages_.at(host);
    }
    return damaged(data_start_, "a row that names a host that is not there");
}

Result<Flow> Segment::flow(std::uint32_t row, bool slim) const { return version_ == 1 ? flow_of<GroupView>(row, slim) : flow_of<RecordView>(row, slim); }

template <typename View>
Result<Flow> Segment::flow_of(std::uint32_t row, bool slim) const {
    using namespace segment_read_detail;
    if (row >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
    HW_TRY(const auto view, view_of<View>(row / kGroupRows));
    const std::size_t r = row % kGroupRows;
    HW_TRY(const auto kinds, whole(kKinds));
    Flow f;
    const auto kind = view.value(Column::kind, r);
    if (kind >= kinds.size() / 8) { return damaged(data_start_, "a row that names a kind that is not there"); }
    const auto bits = load_little<std::uint64_t>(kinds.data() + kind * 8);
    set_kind(f, bits);
    if (static_cast<std::size_t>(f.observer) >= observers_.size()) { return damaged(data_start_, "a row that names an observer that is not there"); }
    HW_TRY(f.client.address, host_at(view.value(Column::client, r)));
    HW_TRY(f.server.address, host_at(view.value(Column::server, r)));
    auto client_port = view.value(Column::client_port, r);
    auto server_port = view.value(Column::server_port, r);
    if constexpr (std::is_same_v<View, RecordView>) {
        if ((bits & kNearIsClient) == 0) { std::swap(f.client.address, f.server.address); }
        HW_TRY(const auto ports, whole(kPorts));
        if (client_port >= ports.size() / 2) { return damaged(data_start_, "a row that names a port that is not there"); }
        client_port = load_little<std::uint16_t>(ports.data() + client_port * 2);
        if ((bits & kLowIsClients) == 0) { std::swap(client_port, server_port); }
    }
    f.client.port = net::Port{static_cast<std::uint16_t>(client_port)};
    f.server.port = net::Port{static_cast<std::uint16_t>(server_port)};
    f.first = plus(facts_.first, view.value(Column::first, r));
    f.last = std::max(f.first, plus(f.first, view.value(Column::duration, r)));
    f.request.packets = view.value(Column::request_packets, r);
    f.request.bytes = view.value(Column::request_bytes, r);
    f.reply.packets = view.value(Column::reply_packets, r);
    f.reply.bytes = view.value(Column::reply_bytes, r);
    f.sampling = static_cast<std::uint32_t>(view.value(Column::sampling, r));
    if (slim) { return f; }
    f.request.payload_bytes = view.value(Column::request_payload, r);
    f.reply.payload_bytes = view.value(Column::reply_payload, r);
    HW_TRY(const auto marks, whole(kMarks));
    const auto request = view.value(Column::request_marks, r);
    const auto reply = view.value(Column::reply_marks, r);
    if (request >= marks.size() / 8 || reply >= marks.size() / 8) { return damaged(data_start_, "a row that names marks that are not there"); }
    set_marks(f.request, load_little<std::uint64_t>(marks.data() + request * 8));
    set_marks(f.reply, load_little<std::uint64_t>(marks.data() + reply * 8));
    f.id = derived_ids_ ? make_flow_id(observers_[static_cast<std::size_t>(f.observer)], f.client, f.server, f.protocol, f.first, f.tunnel_depth)
                        : FlowId{view.value(Column::id, r)};
    if (const auto extra = view.value(Column::extra, r); extra != 0) {
        const auto extras = view.extras();
        if (extra > extras.size() || !take_extras(extras.subspan(extra - 1), f)) { return damaged(data_start_, "the extras of a row"); }
    }
    return f;
}

template <>
Result<Segment::Totals> Segment::totals_of<GroupView>(std::span<const std::uint32_t> rows) const {
    Totals sum;
    std::optional<GroupView> view;
    std::size_t open = std::numeric_limits<std::size_t>::max();
    for (const std::uint32_t row : rows) {
        if (row >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
        if (row / kGroupRows != open) {
            open = row / kGroupRows;
            HW_TRY(view, view_of<GroupView>(open));
        }
        const std::size_t r = row % kGroupRows;
        ++sum.flows;
        sum.packets += view->value(Column::request_packets, r) + view->value(Column::reply_packets, r);
        sum.bytes += view->value(Column::request_bytes, r) + view->value(Column::reply_bytes, r);
    }
    return sum;
}

template <>
Result<Segment::Totals> Segment::totals_of<RecordView>(std::span<const std::uint32_t> rows) const {
    constexpr std::size_t kAhead = 16;
    Totals sum;
    sum.flows = rows.size();
    RecordView view;
    for (std::size_t i = 0; i < rows.size();) {
        if (rows[i] >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
        const std::size_t number = rows[i] / kGroupRows;
        if (!reopen(view, number)) { HW_TRY(view, view_of<RecordView>(number)); }  // which says what is wrong
        const auto request_packets = view.column(Column::request_packets);
        const auto request_bytes = view.column(Column::request_bytes);
        const auto reply_packets = view.column(Column::reply_packets);
        const auto reply_bytes = view.column(Column::reply_bytes);
        for (; i < rows.size() && rows[i] / kGroupRows == number; ++i) {
            if (rows[i] >= facts_.rows) { return damaged(data_start_, "a row that is not there"); }
            if (i + kAhead < rows.size()) {
                const std::byte* group = nullptr;
                const std::byte* record = record_at(rows[i + kAhead], group);
                segment_read_detail::fetch(group, record);
            }
            const std::size_t r = rows[i] % kGroupRows;
            sum.packets += request_packets(r) + reply_packets(r);
            sum.bytes += request_bytes(r) + reply_bytes(r);
        }
    }
    return sum;
}

Result<Segment::Totals> Segment::totals(std::span<const std::uint32_t> rows) const { return version_ == 1 ? totals_of<GroupView>(rows) : totals_of<RecordView>(rows); }

const char* Segment::unsound() const {
    if (version_ == 1) { return nullptr; }
    const std::size_t groups = sections_[kGroupIndex].size / segment_read_detail::kGroupEntry;
    for (std::size_t g = 0; g < groups; ++g) {
        const auto view = view_of<RecordView>(g);
        if (!view || !view->sound()) { return "the records of a group are not as they should be"; }
    }
    return nullptr;
}

}  // namespace hw::flow::store
