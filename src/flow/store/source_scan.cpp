// A store as a source of flows: opening, scanning, and what goes over all of it.
#include "flow/filter.hpp"
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

constexpr std::size_t kRowsAtOnce = std::size_t{1} << 16U;  // of a scan: flows held in full
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

/// Whether a flow of which ends, times and totals are known may pass.
bool may_pass(const FilterBounds& bounds, const Flow& flow) {
    if (bounds.hosts && std::ranges::none_of(*bounds.hosts, [&](const net::Prefix& p) { return p.contains(flow.client.address) || p.contains(flow.server.address); })) { return false; }
    if (!bounds.ports.contains(net::number(flow.client.port)) && !bounds.ports.contains(net::number(flow.server.port))) { return false; }
    const auto within = [](const NumberRange& range, std::uint64_t a, std::uint64_t b) { return a + b < a || range.contains(a + b); };
    return within(bounds.packets, flow.request.packets, flow.reply.packets) && within(bounds.bytes, flow.request.bytes, flow.reply.bytes) &&
           bounds.duration.contains(static_cast<std::uint64_t>((flow.last - flow.first).count()));
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

StoreSource::Stream StoreSource::stream_of(std::uint32_t segment, const Interval& asked, const FilterBounds& bounds) const {
    Stream stream{.rows = {}, .next = 0, .segment = segment};
    std::vector<std::uint32_t> found;
    if (auto in = store_->segments()[segment]->rows_in(asked, found); !in) {
        note_damage({.segment = segment, .row = kWholeSegment}, in.error().message);
        found.resize(store_->segments()[segment]->facts().rows);
        std::iota(found.begin(), found.end(), 0U);
    }
    std::vector<bool> observers(observers_.size(), !bounds.observers.has_value());
    for (std::size_t i = 0; i < observers_.size() && bounds.observers; ++i) { observers[i] = std::ranges::find(*bounds.observers, observers_[i].name) != bounds.observers->end(); }
    for (const std::uint32_t row : found) {
        const RowRef ref{.segment = segment, .row = row};
        if (!joined_rows_.empty() && std::ranges::binary_search(joined_rows_, ref)) { continue; }
        const auto flow = read(ref, true);
        if (flow && flow->interval().overlaps(asked) && observers[static_cast<std::size_t>(flow->observer)] && source_scanning::may_pass(bounds, *flow)) { stream.rows.emplace_back(flow->first, row); }
    }
    std::ranges::sort(stream.rows);
    return stream;
}

bool StoreSource::show(std::vector<Records>& some, const std::function<bool(const Flow&)>& visit) const {
    std::ranges::sort(some);  // rows that lie together are read together
    std::vector<source_scanning::Shown> shown;
    shown.reserve(some.size());
    for (Records& records : some) {
        if (auto flow = put_together(records)) { shown.push_back({.flow = *std::move(flow), .records = std::move(records)}); }
    }
    some.clear();
    std::ranges::sort(shown, source_scanning::earlier);
    bool on = true;
    for (auto one = shown.begin(); on && one != shown.end(); ++one) {
        shown_ = &one->flow;
        shown_records_ = &one->records;
        on = visit(one->flow);
        shown_ = nullptr;
    }
    return on;
}

Result<void> StoreSource::scan(Interval interval, const std::function<bool(const Flow&)>& visit) const { return scan_within({}, interval, visit); }

Result<void> StoreSource::scan_within(const FilterBounds& bounds, Interval interval, const std::function<bool(const Flow&)>& visit) const {
    const Interval asked{std::max(interval.from, interval_.from), std::min(interval.to, interval_.to)};
    if (asked.to < asked.from || store_->flows() == 0) { return {}; }
    HW_CHECK(find_joins());
    // Segments come in as their first packets are reached, and go when all their rows were shown.
    std::vector<std::uint32_t> waiting;
    for (std::uint32_t s = 0; s < store_->segments().size(); ++s) {
        const SegmentFacts& facts = store_->segments()[s]->facts();
        if (facts.first <= asked.to && facts.last >= asked.from) { waiting.push_back(s); }
    }
    const auto first_of = [&](std::uint32_t s) { return store_->segments()[s]->facts().first; };
    std::ranges::stable_sort(waiting, {}, first_of);
    std::vector<Stream> open;
    std::vector<Records> some;
    std::size_t come = 0;
    Time begun;
    std::size_t join = 0;
    for (bool more = true; more;) {
        more = false;
        Time next = Time::from_micros(std::numeric_limits<std::int64_t>::max());
        std::size_t least = open.size();
        for (std::size_t i = 0; i < open.size(); ++i) {
            if (open[i].rows[open[i].next].first < next || least == open.size()) {
                next = open[i].rows[open[i].next].first;
                least = i;
            }
        }
        while (join < joins_->size() && ((*joins_)[join].last < asked.from || (*joins_)[join].first > asked.to)) { ++join; }
        const bool joined = join < joins_->size() && (least == open.size() || (*joins_)[join].first < next);
        if (joined) { next = (*joins_)[join].first; }
        if (come < waiting.size() && ((least == open.size() && !joined) || first_of(waiting[come]) <= next)) {
            if (options_.stop.stop_requested()) { return {}; }
            open.push_back(stream_of(waiting[come++], asked, bounds));
            if (open.back().rows.empty()) { open.pop_back(); }
            more = true;
            continue;
        }
        if (least == open.size() && !joined) { break; }
        more = true;
        // Flows that begin at one moment are shown in the order of their ids: a batch ends between two moments.
        if (some.size() >= source_scanning::kRowsAtOnce && next != begun) {
            if (!show(some, visit)) { return {}; }
        }
        begun = next;
        if (joined) {
            some.push_back((*joins_)[join++].records);
            continue;
        }
        Stream& stream = open[least];
        some.push_back({{.segment = stream.segment, .row = stream.rows[stream.next++].second}});
        if (stream.next == stream.rows.size()) {
            std::swap(open[least], open.back());
            open.pop_back();
        }
    }
    [[maybe_unused]] const bool wanted = show(some, visit);
    return {};
}

}  // namespace hw::flow::store
