// A store as a source of flows: look-ups. What goes over all of it is in source_scan.cpp.
#include "flow/store/source.hpp"

#include "flow/rejoin.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace hw::flow::store {
namespace {
namespace source_asking {

constexpr Interval kAllTime{Time::from_micros(std::numeric_limits<std::int64_t>::min()), Time::from_micros(std::numeric_limits<std::int64_t>::max())};

std::uint64_t number_of(RowRef row) { return std::uint64_t{row.segment} << 32U | row.row; }

/// As far as a record may lie that belongs to a flow of the window.
Interval widened(Interval window) {
    constexpr std::int64_t kFar = std::chrono::duration_cast<Duration>(rejoining::kLongestSilence).count();
    const std::int64_t from = window.from.micros();
    const std::int64_t to = window.to.micros();
    return {Time::from_micros(from < std::numeric_limits<std::int64_t>::min() + kFar ? std::numeric_limits<std::int64_t>::min() : from - kFar),
            Time::from_micros(to > std::numeric_limits<std::int64_t>::max() - kFar ? std::numeric_limits<std::int64_t>::max() : to + kFar)};
}

bool same_ends(const Flow& a, const Flow& b) {
    return a.observer == b.observer && a.protocol == b.protocol && a.tunnel_depth == b.tunnel_depth && std::minmax(a.client, a.server) == std::minmax(b.client, b.server);
}

bool order(const Flow* a, const Flow* b) {
    return std::tie(a->first, a->id, a->observer, a->tunnel_depth, a->last) < std::tie(b->first, b->id, b->observer, b->tunnel_depth, b->last);
}

}  // namespace source_asking
}  // namespace

std::optional<Flow> StoreSource::read(RowRef row, bool slim) const {
    auto flow = store_->flow(row, slim);
    rows_read_.fetch_add(1, std::memory_order_relaxed);
    if (!flow) {
        note_damage(row, flow.error().message);
        return std::nullopt;
    }
    flow->observer = observer_of_[static_cast<std::size_t>(flow->observer)];
    return *std::move(flow);
}

void StoreSource::note_damage(RowRef where, const std::string& what) const {
    const std::scoped_lock lock(mutex_);
    if (damaged_.insert(where).second) { damage_.skip(what, 0); }
}

void StoreSource::look_up(std::uint32_t segment, const net::Address& host, Interval window, std::vector<RowRef>& out) const {
    std::vector<std::uint32_t> rows;
    const Segment& of = *store_->segments()[segment];
    if (auto found = of.rows_of(host, window, rows); !found) {
        // Its index is damaged; the rows that are not can still be gone through.
        note_damage({.segment = segment, .row = kWholeSegment}, found.error().message);
        rows.clear();
        for (std::uint32_t row = 0; row < of.facts().rows; ++row) {
            const auto flow = of.flow(row, true);
            if (flow && flow->touches(host) && flow->interval().overlaps(window)) { rows.push_back(row); }
        }
    }
    for (const std::uint32_t row : rows) { out.push_back({.segment = segment, .row = row}); }
}

void StoreSource::look_up(const net::Address& host, Interval window, std::vector<RowRef>& out) const {
    std::vector<std::uint32_t> segments;
    store_->segments_with(host, window, segments);
    for (const std::uint32_t s : segments) { look_up(s, host, window, out); }
}

bool StoreSource::may_be_cut(const Interval& window) const {
    if (!options_.rejoin || (!cut_tcp_ && !cut_other_)) { return false; }
    return std::ranges::any_of(store_->manifest().segments, [&](const SegmentEntry& segment) {
        const auto notes = survey_.segments.find(segment.file);
        return segment.facts.first <= window.to && segment.facts.last >= window.from && notes != survey_.segments.end() && (notes->second.cut_tcp || notes->second.cut_other);
    });
}

StoreSource::Records StoreSource::whole_records(const Flow& of, RowRef row) const {
    std::vector<RowRef> by_client;
    std::vector<RowRef> by_server;
    look_up(of.client.address, source_asking::kAllTime, by_client);
    look_up(of.server.address, source_asking::kAllTime, by_server);
    std::vector<RowRef> rows;
    std::ranges::set_intersection(by_client, by_server, std::back_inserter(rows));
    std::vector<Flow> flows;
    Records of_flows;
    for (const RowRef at : rows) {
        auto flow = read(at);
        if (flow && source_asking::same_ends(*flow, of)) {
            flows.push_back(*std::move(flow));
            of_flows.push_back(at);
        }
    }
    for (const auto& one : rejoining::records_of_one(flows)) {
        Records records;
        records.reserve(one.size());
        for (const std::size_t i : one) { records.push_back(of_flows[i]); }
        if (std::ranges::find(records, row) != records.end()) { return records; }
    }
    return {row};
}

std::vector<StoreSource::Records> StoreSource::records_of(const net::Address& host, Interval window) const {
    const Interval wide = source_asking::widened(window);
    std::vector<RowRef> rows;
    look_up(host, wide, rows);
    std::vector<Records> out;
    std::vector<Flow> flows;  // that may be pieces
    Records of_flows;
    for (const RowRef row : rows) {
        auto flow = read(row);
        if (!flow) { continue; }
        if (rejoining::was_cut(*flow) || !rejoining::opens_anew(*flow)) {
            flows.push_back(*std::move(flow));
            of_flows.push_back(row);
        } else if (flow->interval().overlaps(window)) {
            out.push_back({row});
        }
    }
    std::vector<bool> told(flows.size(), false);
    const auto tell = [&](std::span<const std::size_t> one) {
        const Flow& front = flows[one.front()];
        const Flow& back = flows[one.back()];
        Interval life = front.interval();
        for (const std::size_t i : one) {
            told[i] = true;
            life.to = std::max(life.to, flows[i].last);
        }
        if (!life.overlaps(window)) { return; }
        // Records of it may lie where was not looked.
        const bool before = !rejoining::opens_anew(front) && front.first < window.from;
        const bool after = rejoining::was_cut(back) && back.last > window.to;
        if (before || after || front.first < wide.from) {
            out.push_back(whole_records(front, of_flows[one.front()]));
            return;
        }
        auto& records = out.emplace_back();
        records.reserve(one.size());
        for (const std::size_t i : one) { records.push_back(of_flows[i]); }
    };
    for (const auto& one : rejoining::records_of_one(flows)) { tell(one); }
    for (std::size_t i = 0; i < flows.size(); ++i) {
        if (!told[i]) { tell(std::span(&i, 1)); }
    }
    // Two that were thought apart may have turned out to be of one.
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

std::optional<Flow> StoreSource::put_together(const Records& records) const {
    if (records.size() == 1) { return read(records.front()); }
    std::vector<Flow> flows;
    flows.reserve(records.size());
    for (const RowRef row : records) {
        if (auto flow = read(row)) { flows.push_back(*std::move(flow)); }
    }
    if (flows.empty()) { return std::nullopt; }
    return rejoining::joined(std::move(flows));
}

const Flow* StoreSource::keep(const Records& records) const {
    {
        const std::scoped_lock lock(mutex_);
        if (const auto known = kept_of_.find(source_asking::number_of(records.front())); known != kept_of_.end()) { return known->second; }
    }
    auto flow = put_together(records);
    if (!flow) { return nullptr; }
    const std::scoped_lock lock(mutex_);
    const auto [place, fresh] = kept_of_.try_emplace(source_asking::number_of(records.front()), nullptr);
    if (fresh) { place->second = &kept_.emplace_back(*std::move(flow)); }
    return place->second;
}

const Flow* StoreSource::keep(const Flow& shown) const { return &shown == shown_ ? keep(*shown_records_) : &shown; }

Result<std::vector<const Flow*>> StoreSource::flows_of(const net::Address& host, Interval interval) const {
    std::vector<const Flow*> out;
    if (interval.to < interval.from) { return out; }
    const auto add = [&](const Records& records) {
        if (const Flow* flow = keep(records)) { out.push_back(flow); }
    };
    if (may_be_cut(source_asking::widened(interval))) {
        for (const Records& records : records_of(host, interval)) { add(records); }
    } else {
        std::vector<RowRef> rows;
        look_up(host, interval, rows);
        Records one(1);
        for (const RowRef row : rows) {
            one.front() = row;
            add(one);
        }
    }
    std::ranges::sort(out, source_asking::order);
    return out;
}

Result<void> StoreSource::visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const {
    const bool cut = options_.rejoin && (cut_tcp_ || cut_other_);
    bool unsure = false;
    std::vector<RowRef> rows;
    for (std::uint32_t s = 0; s < store_->segments().size(); ++s) {
        rows.clear();
        look_up(s, host, source_asking::kAllTime, rows);
        for (const RowRef row : rows) {
            const auto flow = read(row, !cut);
            if (!flow) { continue; }
            if (cut && (flow->protocol == Protocol::tcp ? cut_tcp_ : cut_other_)) {
                // Sure of who opened it and that it was answered: the first record that says both, or one that is all of its flow.
                const bool opens = rejoining::opens_anew(*flow);
                const bool answered = flow->request.packets > 0 && flow->reply.packets > 0;
                if (!opens || (!answered && rejoining::was_cut(*flow))) {
                    unsure = true;
                    continue;
                }
            }
            if (!visit(*flow)) { return {}; }
        }
    }
    if (!unsure) { return {}; }
    for (const Records& records : records_of(host, source_asking::kAllTime)) {
        const auto flow = put_together(records);
        if (flow && !visit(*flow)) { break; }
    }
    return {};
}

read::ReadReport StoreSource::passed_over() const {
    const std::scoped_lock lock(mutex_);
    read::ReadReport report = damage_;
    report.path = folder_;
    report.format = "store";
    return report;
}

std::uint64_t StoreSource::rows_read() const { return rows_read_.load(); }

}  // namespace hw::flow::store
