#include "trace/pair_windows.hpp"

#include "trace/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace hw::trace {

namespace {
namespace pair_windows {

constexpr std::int64_t kFewestSharedBins = 60;  // 15 s

/// The windows that a pair is compared in.
void windows_of(const PairGrid& grid, Interval a, Interval b, std::vector<std::size_t>& out) {
    out.clear();
    if (!a.overlaps(b)) { return; }
    const auto [first, end] = grid.range({std::max(a.from, b.from), std::min(a.to, b.to)});
    const std::size_t n = end - first;
    if (n <= kMostWindowsAPair) {
        for (std::size_t w = first; w < end; ++w) { out.push_back(w); }
        return;
    }
    // Of one parity, so that they do not overlap.
    const std::size_t pairs = n / 2;
    for (std::size_t i = 0; i < kMostWindowsAPair; ++i) {
        const std::size_t w = first + 2 * (i * pairs / kMostWindowsAPair);
        if (out.empty() || out.back() != w) { out.push_back(w); }
    }
}

/// One side's epochs in one window.
struct Held {
    std::vector<std::uint32_t> flows;     // in order of likeness: length of life, then rate
    std::vector<Epoch> epochs;            // of the same places
    std::vector<CohortMoments> moments;
    std::vector<std::uint32_t> place;     // of a flow in the above; kNone
    static constexpr std::uint32_t kNone = ~0U;

    explicit Held(const PairSide& side) : place(side.courses.size(), kNone) {}
};

/// The pairs to compare in each window that has any. A map: what a few packets with far-off times span is no measure of memory.
using ByWindow = std::map<std::size_t, std::vector<std::uint32_t>>;

/// The flows of one side in those pairs, each once, rising.
std::vector<std::uint32_t> flows_in(std::span<const std::uint32_t> here, std::span<const PairRef> pairs, std::span<const std::uint32_t> beside,
                                    std::span<const PairRef> company, std::uint32_t PairRef::*side) {
    std::vector<std::uint32_t> flows;
    flows.reserve(here.size() + beside.size());
    for (const auto i : here) { flows.push_back(pairs[i].*side); }
    for (const auto i : beside) { flows.push_back(company[i].*side); }
    std::ranges::sort(flows);
    flows.erase(std::ranges::unique(flows).begin(), flows.end());
    return flows;
}

/// Like flows are near each other in this order.
std::pair<int, std::uint64_t> likeness(const Epoch& e) {
    const auto life = static_cast<std::uint64_t>(std::max<std::int64_t>(e.life().size(), 1));
    return {static_cast<int>(2 * std::log2(static_cast<double>(life))), e.packets() * 1000 / life};
}

void hold(Held& held, const PairSide& side, std::span<const std::uint32_t> alive, Duration behind, Time start, const PairGrid& grid,
          const LinkOptions& options) {
    std::vector<Epoch> epochs(alive.size());
    for_each_index(alive.size(), options, [&](std::size_t k) {
        const PairFlow& f = side.courses[alive[k]];
        epochs[k] = Epoch::make(*f.flow, first_bin_of(start, behind + f.ahead), grid.shape);
    });
    std::vector<std::uint32_t> order;
    for (std::uint32_t k = 0; k < alive.size(); ++k) {
        if (epochs[k].active_bins() >= kFewestActiveBins) { order.push_back(k); }
    }
    std::ranges::stable_sort(order, {}, [&](std::uint32_t k) { return likeness(epochs[k]); });
    for (const auto flow : held.flows) { held.place[flow] = Held::kNone; }  // of the window before
    held.flows.clear();
    held.epochs.clear();
    for (const auto k : order) {
        held.place[alive[k]] = static_cast<std::uint32_t>(held.flows.size());
        held.flows.push_back(alive[k]);
        held.epochs.push_back(std::move(epochs[k]));
    }
}

/// Flows that were turned round, to make up for strangers where a window has few.
std::vector<Epoch> turned_round(const Held& held, const PairSide& side, Duration behind, Time start, const PairGrid& grid, std::size_t count) {
    std::vector<Epoch> turned;
    if (held.flows.empty()) { return turned; }
    const std::size_t each = (count + held.flows.size() - 1) / held.flows.size();
    for (std::size_t k = 0; k < held.flows.size() && turned.size() < count; ++k) {
        const PairFlow& f = side.courses[held.flows[k]];
        const std::int64_t life = held.epochs[k].life().size();
        for (std::size_t i = 1; i <= each; ++i) {
            const auto by = life * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(each + 1);
            turned.push_back(Epoch::make(*f.flow, first_bin_of(start, behind + f.ahead), grid.shape, by));
        }
    }
    return turned;
}

/// Each flow's moments with the strangers of the other side that are most like it.
void normalise(Held& held, const Held& others, std::span<const Epoch> turned, const PairOptions& how, const LinkOptions& options) {
    held.moments.resize(held.epochs.size());
    std::vector<std::pair<int, std::uint64_t>> keys;
    keys.reserve(others.epochs.size());
    for (const Epoch& e : others.epochs) { keys.push_back(likeness(e)); }
    for_each_index(held.epochs.size(), options, [&](std::size_t k) {
        const auto near = static_cast<std::size_t>(std::ranges::lower_bound(keys, likeness(held.epochs[k])) - keys.begin());
        const std::size_t take = std::min(kPairCohort, others.epochs.size());
        const std::size_t from = std::min(near - std::min(near, take / 2), others.epochs.size() - take);
        std::vector<const Epoch*> strangers;
        for (std::size_t i = from; i < from + take; ++i) { strangers.push_back(&others.epochs[i]); }
        for (const Epoch& e : turned) { strangers.push_back(&e); }
        held.moments[k] = cohort_moments(held.epochs[k], strangers, how);
    });
}

/// A pair's sums over windows of one parity.
struct Sums {
    std::array<float, kPassages> z{};
    std::array<float, kPassages> best{};  // the highest z of one window at which this passage was the best
    std::array<std::int32_t, kPassages> lag_request_ms{};
    std::array<std::int32_t, kPassages> lag_reply_ms{};
    std::array<float, kPassages> scale_s{};
    std::uint16_t windows = 0;
    std::uint32_t shared_bins = 0;
};

void add(Sums& sums, const PairMatch& match, std::int64_t shared_bins) {
    const float weight = std::sqrt(static_cast<float>(shared_bins));  // Stouffer's, with a true pair's z growing as √time
    for (std::size_t p = 0; p < kPassages; ++p) { sums.z[p] += weight * match.best_of[p]; }
    const auto p = static_cast<std::size_t>(match.passage);
    if (sums.windows == 0 || match.z > sums.best[p]) {
        sums.best[p] = static_cast<float>(match.z);
        sums.lag_request_ms[p] = static_cast<std::int32_t>(match.lag_request.count() / 1000);
        sums.lag_reply_ms[p] = static_cast<std::int32_t>(match.lag_reply.count() / 1000);
        sums.scale_s[p] = static_cast<float>(match.scale_s);
    }
    ++sums.windows;
    sums.shared_bins += static_cast<std::uint32_t>(shared_bins);
}

PairTotal total_of(const std::array<Sums, 2>& parities) {
    PairTotal total;
    for (const Sums& sums : parities) {
        if (sums.windows == 0) { continue; }
        const float root = std::sqrt(static_cast<float>(sums.shared_bins));
        for (std::size_t p = 0; p < kPassages; ++p) {
            const float z = sums.z[p] / root;
            if (z <= total.z) { continue; }
            total.z = z;
            total.control = sums.z[p ^ 1U] / root;
            total.passage = static_cast<Passage>(p);
            total.windows = static_cast<std::uint8_t>(sums.windows);
            total.shared_s = static_cast<std::uint16_t>(std::min<std::uint32_t>(sums.shared_bins / 4, 65535));
            total.scale_s = sums.scale_s[p];
            total.lag_request = std::chrono::milliseconds(sums.lag_request_ms[p]);
            total.lag_reply = std::chrono::milliseconds(sums.lag_reply_ms[p]);
        }
    }
    return total;
}

}  // namespace pair_windows
}  // namespace

std::pair<std::size_t, std::size_t> PairGrid::range(Interval lived) const {
    const auto index = [&](Time t) { return (t - origin) / step(); };
    const std::int64_t first = std::max<std::int64_t>(index(lived.from) - 1, 0);
    const std::int64_t end = std::min<std::int64_t>(index(lived.to) + 1, static_cast<std::int64_t>(windows));
    return {static_cast<std::size_t>(std::min(first, std::max<std::int64_t>(end, 0))), static_cast<std::size_t>(std::max<std::int64_t>(end, 0))};
}

PairGrid make_grid(const PairSide& a, const PairSide& b, const PairClock& clock, EpochShape shape) {
    PairGrid grid;
    grid.shape = shape;
    if (a.courses.empty() || b.courses.empty()) { return grid; }
    const auto span = [](const PairSide& side, Duration behind) {
        Interval all{side.courses.front().interval().from - behind, side.courses.front().interval().to - behind};
        for (const PairFlow& f : side.courses) {
            all.from = std::min(all.from, f.interval().from - behind);
            all.to = std::max(all.to, f.interval().to - behind);
        }
        return all;
    };
    const Interval of_a = span(a, Duration(0));
    const Interval of_b = span(b, clock.ahead);
    const Time from = std::max(of_a.from, of_b.from);
    const Time to = std::min(of_a.to, of_b.to);
    grid.origin = from;
    if (to > from) { grid.windows = static_cast<std::size_t>((to - from) / grid.step()) + 1; }
    return grid;
}

std::vector<PairTotal> score_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid,
                                   std::span<const PairRef> pairs, const PairOptions& how, const LinkOptions& options, std::span<const PairRef> company) {
    using namespace pair_windows;
    std::vector<std::array<Sums, 2>> sums(pairs.size());
    ByWindow by_window;
    ByWindow company_by_window;
    std::vector<std::size_t> windows;
    const auto sort_in = [&](std::span<const PairRef> some, ByWindow& into) {
        for (std::uint32_t i = 0; i < some.size(); ++i) {
            const Interval of_b = b.courses[some[i].b].interval();
            windows_of(grid, a.courses[some[i].a].interval(), {of_b.from - clock.ahead, of_b.to - clock.ahead}, windows);
            for (const std::size_t w : windows) { into[w].push_back(i); }
        }
    };
    sort_in(pairs, by_window);
    sort_in(company, company_by_window);
    LinkOptions quiet = options;
    quiet.progress = nullptr;
    Held of_a(a);
    Held of_b(b);
    for (const auto& window : by_window) {
        const std::size_t w = window.first;
        const auto& here = window.second;
        if (options.progress) { options.progress(w, grid.windows); }
        if (options.stop.stop_requested()) { break; }
        const Time start = grid.origin + static_cast<std::int64_t>(w) * grid.step();
        const auto& beside = company_by_window[w];
        hold(of_a, a, flows_in(here, pairs, beside, company, &PairRef::a), Duration(0), start, grid, quiet);
        hold(of_b, b, flows_in(here, pairs, beside, company, &PairRef::b), clock.ahead, start, grid, quiet);
        const std::size_t lacking_a = kPairCohort / 2 - std::min(kPairCohort / 2, of_a.flows.size());
        const std::size_t lacking_b = kPairCohort / 2 - std::min(kPairCohort / 2, of_b.flows.size());
        const auto turned_a = turned_round(of_a, a, Duration(0), start, grid, lacking_a);
        const auto turned_b = turned_round(of_b, b, clock.ahead, start, grid, lacking_b);
        normalise(of_a, of_b, turned_b, how, quiet);
        normalise(of_b, of_a, turned_a, how, quiet);

        for_each_index(here.size(), quiet, [&](std::size_t k) {
            const PairRef& pair = pairs[here[k]];
            const auto at_a = of_a.place[pair.a];
            const auto at_b = of_b.place[pair.b];
            if (at_a == Held::kNone || at_b == Held::kNone) { return; }
            const Epoch& epoch_b = of_b.epochs[at_b];
            const Epoch* epoch_a = &of_a.epochs[at_a];
            std::optional<Epoch> turned;
            if (pair.rotated != 0) {
                const PairFlow& f = a.courses[pair.a];
                turned = Epoch::make(*f.flow, first_bin_of(start, f.ahead), grid.shape, epoch_a->life().size() * pair.rotated / 1000);
                epoch_a = &*turned;
            }
            const auto shared = std::min(epoch_a->life().to, epoch_b.life().to) - std::max(epoch_a->life().from, epoch_b.life().from);
            if (shared < kFewestSharedBins) { return; }
            const PairMatch match = normalised(score_pair(*epoch_a, epoch_b, how), of_a.moments[at_a], of_b.moments[at_b], how);
            if (match.z > kNoMatch) { add(sums[here[k]][w % 2], match, shared); }
        });
    }
    std::vector<PairTotal> totals(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) { totals[i] = total_of(sums[i]); }
    return totals;
}

}  // namespace hw::trace
