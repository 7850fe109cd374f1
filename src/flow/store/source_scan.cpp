// A store as a source of flows: opening, scanning, and what goes over all of it.
#include "flow/rejoin.hpp"
#include "flow/shared_starts.hpp"
#include "flow/store/source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace hw::flow::store {
namespace {
namespace source_scanning {

constexpr std::size_t kRowsASlice = std::size_t{1} << 17U;  // of a scan: what is held at once
constexpr std::size_t kStartsAtOnce = 20'000'000;           // 24 bytes each

/// For each of the hashes, whether it may have been put in.
class HashMarks {
public:
    explicit HashMarks(std::uint64_t rows)
        : shift_(64U - static_cast<unsigned>(std::bit_width(std::clamp<std::uint64_t>(rows * 16, std::uint64_t{1} << 16U, std::uint64_t{1} << 31U) - 1))), words_((std::uint64_t{1} << (64U - shift_)) / 64) {}
    void put(std::uint64_t hash) { words_[place(hash) / 64] |= std::uint64_t{1} << (place(hash) % 64); }
    [[nodiscard]] bool has(std::uint64_t hash) const { return (words_[place(hash) / 64] >> (place(hash) % 64) & 1U) != 0; }

private:
    [[nodiscard]] std::uint64_t place(std::uint64_t hash) const { return hash * 0x9e37'79b9'7f4a'7c15ULL >> shift_; }
    unsigned shift_;
    std::vector<std::uint64_t> words_;
};

/// A flow being shown, with where it is kept.
struct Shown {
    Flow flow;
    std::vector<RowRef> records;
};

bool earlier(const Shown& a, const Shown& b) {
    return std::tie(a.flow.first, a.flow.id, a.flow.observer, a.flow.tunnel_depth, a.flow.last) < std::tie(b.flow.first, b.flow.id, b.flow.observer, b.flow.tunnel_depth, b.flow.last);
}

Time plus_micros(Time time, std::int64_t micros) {
    const std::int64_t at = time.micros();
    return Time::from_micros(at > std::numeric_limits<std::int64_t>::max() - micros ? std::numeric_limits<std::int64_t>::max() : at + micros);
}

}  // namespace source_scanning
}  // namespace

Result<std::unique_ptr<StoreSource>> StoreSource::open(const std::string& folder, StoreSourceOptions options) {
    std::unique_ptr<StoreSource> source(new StoreSource());
    source->folder_ = folder;
    source->options_ = std::move(options);
    HW_TRY(source->store_, Store::open(folder));
    const Store& store = *source->store_;
    std::vector<std::size_t> by_name(store.observers().size());
    std::iota(by_name.begin(), by_name.end(), std::size_t{0});
    std::ranges::sort(by_name, {}, [&](std::size_t i) -> const std::string& { return store.observers()[i]; });
    source->observer_of_.resize(by_name.size());
    for (std::size_t i = 0; i < by_name.size(); ++i) {
        source->observer_of_[by_name[i]] = ObserverId{static_cast<std::uint16_t>(i)};
        source->observers_.push_back({.name = store.observers()[by_name[i]], .interval = {}});
    }
    source->survey_ = read_survey(folder, store.manifest());
    HW_CHECK(source->note_segments());
    HW_CHECK(source->survey_all());
    HW_CHECK(source->declare());
    return source;
}

Result<void> StoreSource::each_row(std::span<const std::uint32_t> segments, bool slim, const std::function<void(RowRef, Flow&&)>& visit) const {
    std::uint64_t all = 0;
    std::uint64_t done = 0;
    for (const std::uint32_t s : segments) { all += store_->segments()[s]->facts().rows; }
    for (const std::uint32_t s : segments) {
        for (std::uint32_t row = 0; row < store_->segments()[s]->facts().rows; ++row, ++done) {
            if (row % 4096 == 0) {
                if (options_.stop.stop_requested()) { return fail(Errc::interrupted, "interrupted while the store's flows were gone over", folder_); }
                if (options_.progress) { options_.progress(done, all); }
            }
            if (auto flow = read({.segment = s, .row = row}, slim)) { visit({.segment = s, .row = row}, *std::move(flow)); }
        }
    }
    return {};
}

Result<void> StoreSource::note_segments() {
    const auto& named = store_->manifest().segments;
    std::vector<std::uint32_t> fresh;
    for (std::uint32_t s = 0; s < named.size(); ++s) {
        if (!survey_.segments.contains(named[s].file)) { fresh.push_back(s); }
    }
    std::vector<std::string> names;
    names.reserve(observers_.size());
    for (const Observer& observer : observers_) { names.push_back(observer.name); }
    for (const std::uint32_t s : fresh) {
        std::vector<Flow> flows;
        flows.reserve(named[s].facts.rows);
        HW_CHECK(each_row(std::span(&s, 1), false, [&](RowRef, Flow&& flow) { flows.push_back(std::move(flow)); }));
        std::vector<const Flow*> all;
        all.reserve(flows.size());
        for (const Flow& flow : flows) { all.push_back(&flow); }
        survey_.segments[named[s].file] = notes_of(all, names);
    }
    surveyed_anew_ = !fresh.empty();

    std::vector<bool> set(observers_.size(), false);
    for (const auto& [name, notes] : survey_.segments) {
        cut_tcp_ = cut_tcp_ || notes.cut_tcp;
        cut_other_ = cut_other_ || notes.cut_other;
        for (const auto& one : notes.seen) {
            const auto at = std::ranges::lower_bound(observers_, one.observer, {}, &Observer::name);
            if (at == observers_.end() || at->name != one.observer) { continue; }
            const auto i = static_cast<std::size_t>(at - observers_.begin());
            at->interval = set[i] ? Interval{std::min(at->interval.from, one.interval.from), std::max(at->interval.to, one.interval.to)} : one.interval;
            set[i] = true;
        }
    }
    bool any = false;
    for (std::size_t i = 0; i < observers_.size(); ++i) {
        if (!set[i]) { continue; }
        const Interval& one = observers_[i].interval;
        interval_ = any ? Interval{std::min(interval_.from, one.from), std::max(interval_.to, one.to)} : one;
        any = true;
    }
    return {};
}

Result<void> StoreSource::find_joins() const {
    if (joins_) { return {}; }
    std::vector<Join> joins;
    if (options_.rejoin && (cut_tcp_ || cut_other_)) {
        std::vector<std::uint32_t> all(store_->segments().size());
        std::iota(all.begin(), all.end(), 0U);
        // First which conversations have a record that was cut, and which one that may continue another; both are few.
        source_scanning::HashMarks cut(store_->flows());
        source_scanning::HashMarks continuing(store_->flows());
        const auto matters = [&](const Flow& flow) { return flow.protocol == Protocol::tcp ? cut_tcp_ : cut_other_; };
        HW_CHECK(each_row(all, false, [&](RowRef, Flow&& flow) {
            if (!matters(flow)) { return; }
            const std::uint64_t hash = rejoining::conversation_hash(flow);
            if (rejoining::was_cut(flow)) { cut.put(hash); }
            if (!rejoining::opens_anew(flow)) { continuing.put(hash); }
        }));
        std::vector<std::pair<std::uint64_t, RowRef>> pieces;
        HW_CHECK(each_row(all, false, [&](RowRef row, Flow&& flow) {
            if (!matters(flow) || (!rejoining::was_cut(flow) && rejoining::opens_anew(flow))) { return; }
            const std::uint64_t hash = rejoining::conversation_hash(flow);
            if (cut.has(hash) && continuing.has(hash)) { pieces.emplace_back(hash, row); }
        }));
        std::ranges::sort(pieces);
        std::vector<Flow> flows;
        Records rows;
        for (std::size_t begin = 0, end = 0; begin < pieces.size(); begin = end) {
            while (end < pieces.size() && pieces[end].first == pieces[begin].first) { ++end; }
            if (end - begin < 2) { continue; }
            flows.clear();
            rows.clear();
            for (std::size_t i = begin; i < end; ++i) {
                if (auto flow = read(pieces[i].second)) {
                    flows.push_back(*std::move(flow));
                    rows.push_back(pieces[i].second);
                }
            }
            for (const auto& one : rejoining::records_of_one(flows)) {
                Join join{.first = flows[one.front()].first, .last = flows[one.front()].last, .records = {}};
                join.records.reserve(one.size());
                for (const std::size_t i : one) {
                    join.records.push_back(rows[i]);
                    join.last = std::max(join.last, flows[i].last);
                }
                joins.push_back(std::move(join));
            }
        }
        std::ranges::sort(joins, {}, [](const Join& j) { return std::tuple(j.first, j.records.front()); });
        for (const Join& join : joins) { joined_rows_.insert(joined_rows_.end(), join.records.begin(), join.records.end()); }
        std::ranges::sort(joined_rows_);
    }
    joins_ = std::move(joins);
    return {};
}

Result<void> StoreSource::each_flow(const std::function<void(const Flow&)>& visit) const {
    HW_CHECK(find_joins());
    std::vector<std::uint32_t> all(store_->segments().size());
    std::iota(all.begin(), all.end(), 0U);
    HW_CHECK(each_row(all, false, [&](RowRef row, Flow&& flow) {
        if (!std::ranges::binary_search(joined_rows_, row)) { visit(flow); }
    }));
    for (const Join& join : *joins_) {
        if (const auto flow = put_together(join.records)) { visit(*flow); }
    }
    return {};
}

Result<void> StoreSource::survey_all() {
    const std::uint64_t key = segments_key(store_->manifest());
    if (survey_.holds_of != key) {
        const bool tells = std::ranges::any_of(survey_.segments, [](const auto& one) { return std::ranges::any_of(one.second.seen, &SegmentNotes::Seen::tells); });
        survey_.covered.clear();
        survey_.starts.clear();
        const bool rejoins = std::exchange(options_.rejoin, true);  // what is kept is the same whatever is asked now
        if (tells || observers_.size() > 1) {
            surveyed_anew_ = true;
            CoverageGatherer coverage;
            std::vector<SharedStarts> shared;
            std::uint64_t parts = observers_.size() > 1 ? 1 + store_->flows() / source_scanning::kStartsAtOnce : 1;
            SharedStartsGatherer starts;
            for (std::uint64_t part = 0; part < parts; ++part) {
                HW_CHECK(each_flow([&](const Flow& flow) {
                    if (part == 0 && tells) { coverage.add(flow); }
                    if (observers_.size() < 2) { return; }
                    const std::uint64_t conversation = conversation_key(flow);
                    if (conversation % parts == part) { starts.add(conversation, flow.observer, flow.first); }
                }));
                starts.settle();
            }
            for (const CoveredHost& host : coverage.take(observers_)) {
                survey_.covered.push_back({.address = host.address, .observer = observers_[static_cast<std::size_t>(host.observer)].name, .basis = host.basis});
            }
            const auto name = [&](ObserverId id) { return observers_[static_cast<std::size_t>(id)].name; };
            for (const SharedStarts& one : starts.take()) { survey_.starts.push_back({.a = name(one.a), .b = name(one.b), .apart = one.apart, .shared = one.shared}); }
        }
        options_.rejoin = rejoins;
        if (!rejoins) {
            joins_.reset();
            joined_rows_.clear();
        }
        survey_.holds_of = key;
    }
    for (const auto& covered : survey_.covered) {
        const auto at = std::ranges::lower_bound(observers_, covered.observer, {}, &Observer::name);
        if (at == observers_.end() || at->name != covered.observer) { continue; }
        coverage_.push_back({.address = covered.address, .observer = ObserverId{static_cast<std::uint16_t>(at - observers_.begin())}, .interval = at->interval, .basis = covered.basis});
    }
    return {};
}

Result<void> StoreSource::declare() {
    std::set<std::pair<net::Address, ObserverId>> hosts;
    bool wide = false;
    for (const DeclaredCoverage& word : options_.declared) {
        if (word.prefix != net::Prefix::host(word.prefix.address())) {
            wide = true;
            continue;
        }
        std::set<ObserverId> by;
        HW_CHECK(visit_flows_of(word.prefix.address(), [&](const Flow& flow) {
            by.insert(flow.observer);
            return by.size() < observers_.size();
        }));
        for (const ObserverId observer : by) { hosts.emplace(word.prefix.address(), observer); }
    }
    if (wide) {  // whom a network holds only its flows tell
        std::vector<std::uint32_t> all(store_->segments().size());
        std::iota(all.begin(), all.end(), 0U);
        HW_CHECK(each_row(all, true, [&](RowRef, Flow&& flow) {
            for (const net::Address& host : {flow.client.address, flow.server.address}) {
                if (std::ranges::any_of(options_.declared, [&](const DeclaredCoverage& d) { return d.prefix.contains(host); })) { hosts.emplace(host, flow.observer); }
            }
        }));
    }
    for (const auto& [host, id] : hosts) {
        const Observer& observer = observers_[static_cast<std::size_t>(id)];
        const bool said = std::ranges::any_of(options_.declared, [&](const DeclaredCoverage& d) { return d.prefix.contains(host) && (!d.observer || *d.observer == observer.name); });
        if (said) { coverage_.push_back({.address = host, .observer = id, .interval = observer.interval, .basis = CoverageBasis::declared}); }
    }
    coverage_ = first_basis(std::move(coverage_));
    return {};
}

Result<std::vector<SharedStarts>> StoreSource::shared_starts() const {
    std::vector<SharedStarts> out;
    for (const auto& one : survey_.starts) {
        const auto a = std::ranges::lower_bound(observers_, one.a, {}, &Observer::name);
        const auto b = std::ranges::lower_bound(observers_, one.b, {}, &Observer::name);
        if (a == observers_.end() || b == observers_.end() || a->name != one.a || b->name != one.b) { continue; }
        const auto id = [&](auto at) { return ObserverId{static_cast<std::uint16_t>(at - observers_.begin())}; };
        out.push_back({.a = id(a), .b = id(b), .apart = one.apart, .shared = one.shared});
    }
    return out;
}

Result<void> StoreSource::show_slice(Interval slice, Time after, const Interval& asked, const std::function<bool(const Flow&)>& visit, bool& stopped, std::size_t& rows) const {
    std::vector<source_scanning::Shown> shown;
    std::vector<std::uint32_t> found;
    const bool begins = slice.from == asked.from;
    for (std::uint32_t s = 0; s < store_->segments().size(); ++s) {
        const Segment& segment = *store_->segments()[s];
        if (segment.facts().first > slice.to || segment.facts().last < slice.from || (!begins && segment.facts().first_last <= after)) { continue; }
        found.clear();
        if (auto in = segment.rows_in(slice, found); !in) {
            note_damage({.segment = s, .row = kWholeSegment}, in.error().message);
            found.resize(segment.facts().rows);
            std::iota(found.begin(), found.end(), 0U);
        }
        for (const std::uint32_t row : found) {
            const RowRef ref{.segment = s, .row = row};
            if (std::ranges::binary_search(joined_rows_, ref)) { continue; }
            auto flow = read(ref);
            // Each is shown in the slice in which it begins, those that began before all of them in the first.
            if (!flow || !flow->interval().overlaps(asked) || flow->first > slice.to || (!begins && flow->first <= after)) { continue; }
            shown.push_back({.flow = *std::move(flow), .records = {ref}});
        }
    }
    for (const Join& join : *joins_) {
        if (join.first > slice.to) { break; }
        if (join.last < asked.from || (!begins && join.first <= after)) { continue; }
        if (auto flow = put_together(join.records)) { shown.push_back({.flow = *std::move(flow), .records = join.records}); }
    }
    std::ranges::sort(shown, source_scanning::earlier);
    rows = shown.size();
    for (const auto& one : shown) {
        shown_ = &one.flow;
        shown_records_ = &one.records;
        const bool on = visit(one.flow);
        shown_ = nullptr;
        if (!on) {
            stopped = true;
            break;
        }
    }
    return {};
}

Result<void> StoreSource::scan(Interval interval, const std::function<bool(const Flow&)>& visit) const {
    using source_scanning::kRowsASlice;
    const Interval asked{std::max(interval.from, interval_.from), std::min(interval.to, interval_.to)};
    if (asked.to < asked.from || store_->flows() == 0) { return {}; }
    HW_CHECK(find_joins());
    // Slices of time that hold about so many flows; each shows what begins in it.
    const std::int64_t span = std::max<std::int64_t>(1, (interval_.to - interval_.from).count());
    auto step = static_cast<std::int64_t>(static_cast<double>(span) * static_cast<double>(kRowsASlice) / static_cast<double>(store_->flows())) + 1;
    Time after = asked.from;
    bool stopped = false;
    std::size_t rows = 0;
    HW_CHECK(show_slice({asked.from, asked.from}, after, asked, visit, stopped, rows));
    while (!stopped && after < asked.to) {
        const Time to = std::min(asked.to, source_scanning::plus_micros(after, step));
        HW_CHECK(show_slice({source_scanning::plus_micros(after, 1), to}, after, asked, visit, stopped, rows));
        after = to;
        if (rows > 2 * kRowsASlice) { step = std::max<std::int64_t>(1, step / 4); }
        else if (rows < kRowsASlice / 2 && step < span) { step *= 2; }
    }
    return {};
}

}  // namespace hw::flow::store
