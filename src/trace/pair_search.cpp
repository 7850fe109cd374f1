#include "trace/pair_search.hpp"

#include "trace/calibration.hpp"
#include "trace/multiple_testing.hpp"
#include "trace/pair_candidates.hpp"
#include "trace/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

namespace hw::trace {

namespace {
namespace pair_search {

constexpr std::size_t kAlignedFlows = 300;  // a side, when the clocks are found from the traffic itself
constexpr double kAlignedZ = 6;
constexpr double kOutstanding = 0.02;       // p below which a pair is also held against its own turns
constexpr std::uint32_t kOwnTurns = 60;
constexpr double kClaimedShare = 0.01;      // false discovery rate among those left out of the null

EpochShape shape_of(const PairSearchOptions& options, Duration lag) {
    return {std::clamp<std::int64_t>(options.epoch / flow::kActivityBinWidth, 80, kMostEpochBins),
            std::clamp<std::int64_t>(lag / flow::kActivityBinWidth, 0, kMostEpochLags)};
}

LinkOptions workers(const PairSearchOptions& options) {
    LinkOptions link;
    link.threads = options.threads;
    link.stop = options.stop;
    link.seed = options.seed;
    return link;
}

/// The window that most flows live in, the first of several. Counted by where lives begin and end: the windows themselves may be
/// as many as the capture's times are far apart.
std::size_t busiest_window(const PairSide& side, const PairGrid& grid) {
    std::map<std::size_t, std::int64_t> change;
    for (const PairFlow& f : side.courses) {
        const auto [from, end] = grid.range(f.interval());
        if (from >= end) { continue; }
        ++change[from];
        --change[end];
    }
    std::size_t busiest = 0;
    std::int64_t alive = 0;
    std::int64_t most = 0;
    for (const auto& [window, by] : change) {
        alive += by;
        if (alive > most) {
            most = alive;
            busiest = window;
        }
    }
    return busiest;
}

/// The clocks' difference from the traffic: the busiest window's flows, each with its best partner at any lag.
PairClock clock_from_traffic(const PairSide& a, const PairSide& b, const PairSearchOptions& options) {
    const EpochShape shape = shape_of(options, options.max_lag + options.max_offset);
    const PairGrid grid = make_grid(a, b, {}, shape);
    if (grid.windows == 0) { return {}; }
    const std::size_t busiest = busiest_window(b, grid);
    const Time start = grid.origin + static_cast<std::int64_t>(busiest) * grid.step();
    const LinkOptions link = workers(options);
    const auto epochs_of = [&](const PairSide& side) {
        std::vector<Epoch> epochs;
        std::vector<Epoch> all(side.courses.size());
        for_each_index(side.courses.size(), link, [&](std::size_t i) {
            const PairFlow& f = side.courses[i];
            if (!f.interval().overlaps({start, start + 2 * grid.step()})) { return; }
            all[i] = Epoch::make(*f.flow, flow::bin_index(start + f.ahead, flow::kActivityBinWidth), shape);
        });
        for (auto& e : all) {
            if (e.active_bins() >= 16) { epochs.push_back(std::move(e)); }
        }
        std::ranges::stable_sort(epochs, std::greater{}, &Epoch::active_bins);
        if (epochs.size() > kAlignedFlows) { epochs.resize(kAlignedFlows); }
        return epochs;
    };
    const auto of_a = epochs_of(a);
    const auto of_b = epochs_of(b);
    if (of_a.empty() || of_b.size() < 3) { return {}; }
    struct Best {
        double z = 0;
        Duration offset{0};
    };
    std::vector<Best> best(of_a.size());
    for_each_index(of_a.size(), link, [&](std::size_t i) {
        std::vector<double> others;
        Alignment top;
        for (const Epoch& e : of_b) {
            const Alignment found = align_pair(of_a[i], e, kViewOfHalfSecond);
            others.push_back(found.score);
            if (found.score > top.score) { top = found; }
        }
        std::ranges::sort(others);
        others.resize(others.size() - 1 - others.size() / 20);  // the best, and what may be further hops of it
        double sum = 0;
        double squares = 0;
        for (const double s : others) {
            sum += s;
            squares += s * s;
        }
        const auto n = static_cast<double>(others.size());
        const double sd = std::sqrt(std::max(squares / n - sum / n * sum / n, 0.01));
        best[i] = {(top.score - sum / n) / sd, top.offset()};
    });
    std::vector<Duration> offsets;
    for (const Best& found : best) {
        if (found.z >= kAlignedZ && std::chrono::abs(found.offset) <= options.max_offset) { offsets.push_back(found.offset); }
    }
    return clock_from_offsets(std::move(offsets));
}

/// Flows that belong together, as far as the turned pairs' null tells: each flow is joined with its best partner where
/// chance would have made no more than one in a hundred of those joined.
class Together {
public:
    Together(std::span<const PairRef> pairs, std::span<const PairTotal> totals, const PairNull& null, double tests, std::size_t flows_a,
             std::size_t flows_b)
        : flows_a_(flows_a), parent_(flows_a + flows_b) {
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
        std::vector<float> best(parent_.size(), kNoMatch);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            best[pairs[i].a] = std::max(best[pairs[i].a], totals[i].z);
            best[flows_a + pairs[i].b] = std::max(best[flows_a + pairs[i].b], totals[i].z);
        }
        struct Best {
            double log_p = 0;
            std::size_t pair = 0;
        };
        std::vector<Best> ranked;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            if (totals[i].windows == 0) { continue; }
            if (totals[i].z >= best[pairs[i].a] || totals[i].z >= best[flows_a + pairs[i].b]) { ranked.push_back({null.log_p(totals[i]), i}); }
        }
        std::ranges::sort(ranked, [](const Best& x, const Best& y) { return std::tie(x.log_p, x.pair) < std::tie(y.log_p, y.pair); });
        std::size_t claimed = 0;  // Benjamini & Hochberg 1995
        for (std::size_t k = 0; k < ranked.size(); ++k) {
            if (ranked[k].log_p <= std::log(kClaimedShare * static_cast<double>(k + 1) / tests)) { claimed = k + 1; }
        }
        for (const Best& one : std::span(ranked).first(claimed)) { parent_[root(pairs[one.pair].a)] = root(flows_a + pairs[one.pair].b); }
    }
    [[nodiscard]] bool operator()(const PairRef& pair) { return root(pair.a) == root(flows_a_ + pair.b); }

private:
    std::size_t root(std::size_t of) {
        while (parent_[of] != of) { of = parent_[of] = parent_[parent_[of]]; }
        return of;
    }
    std::size_t flows_a_;
    std::vector<std::size_t> parent_;
};

PairNull calibrate(std::span<const PairRef> pairs, std::span<const PairTotal> totals, std::span<const PairRef> drawn,
                   std::span<const PairTotal> of_drawn, double tests, std::size_t flows_a, std::size_t flows_b) {
    std::vector<bool> left_out(drawn.size());
    for (std::size_t i = 0; i < drawn.size(); ++i) { left_out[i] = drawn[i].rotated == 0; }
    const PairNull by_turned(drawn, of_drawn, left_out);
    Together together(pairs, totals, by_turned, tests, flows_a, flows_b);
    // Turned, a true pair is a stranger again; only of a beacon's it would be wrong to say so, and there it stays in.
    for (std::size_t i = 0; i < drawn.size(); ++i) { left_out[i] = drawn[i].rotated == 0 && together(drawn[i]); }
    return {drawn, of_drawn, left_out};
}

/// Two flows of one rhythm fit each other turned nearly as well as unturned, and among all the turned pairs few of theirs
/// show. So a pair that stands out is held against its own turns as well: the higher chance counts.
void hold_against_own_turns(std::vector<double>& log_p, std::span<const PairRef> pairs,
                            const std::function<std::vector<PairTotal>(std::span<const PairRef>)>& score) {
    std::vector<std::size_t> outstanding;
    std::vector<PairRef> turned;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (log_p[i] > std::log(kOutstanding)) { continue; }
        outstanding.push_back(i);
        for (std::uint32_t k = 0; k < kOwnTurns; ++k) { turned.push_back({pairs[i].a, pairs[i].b, 200 + 600 * k / (kOwnTurns - 1)}); }
    }
    if (turned.empty()) { return; }
    // Again with the pairs themselves, so that both are normalised by the same strangers.
    for (const std::size_t i : outstanding) { turned.push_back(pairs[i]); }
    const auto totals = score(turned);
    for (std::size_t k = 0; k < outstanding.size(); ++k) {
        std::vector<double> own;
        for (std::size_t t = 0; t < kOwnTurns; ++t) {
            const PairTotal& total = totals[k * kOwnTurns + t];
            if (total.windows > 0) { own.push_back(total.z); }
        }
        const PairTotal& itself = totals[outstanding.size() * kOwnTurns + k];
        if (own.size() < kOwnTurns / 2 || itself.windows == 0) { continue; }
        log_p[outstanding[k]] = std::max(log_p[outstanding[k]], NullTail(std::move(own)).log_p(itself.z));
    }
}

void claim(BlindMatches& result, const PairSide& a, const PairSide& b, std::span<const PairRef> pairs, std::span<const PairTotal> totals,
           std::span<const double> log_p_of, const PairSearchOptions& options) {
    std::vector<BlindMatch> found;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (totals[i].windows == 0) { continue; }
        BlindMatch match{.a = a.courses[pairs[i].a].flow, .b = b.courses[pairs[i].b].flow, .total = totals[i]};
        match.log_p = log_p_of[i];
        match.p = std::max(std::exp(match.log_p), kCalibration.least_p);
        found.push_back(match);
    }
    std::ranges::sort(found, [](const BlindMatch& x, const BlindMatch& y) {
        return std::tie(x.log_p, y.total.z, x.a->id, x.b->id) < std::tie(y.log_p, x.total.z, y.a->id, y.b->id);
    });
    std::vector<double> p;
    p.reserve(found.size());
    for (const BlindMatch& match : found) { p.push_back(std::exp(match.log_p)); }
    const auto tests = static_cast<double>(result.pairs_tested);
    const auto q = q_values(p, result.pairs_tested);
    std::unordered_map<const flow::Flow*, std::size_t> partners;
    for (std::size_t i = 0; i < found.size(); ++i) {
        BlindMatch& match = found[i];
        match.q = q[i];
        match.claimed = q[i] <= options.most_q;
        match.rank = ++partners[match.a];
        if (match.claimed) { result.expected_false_accusations = tests * std::exp(match.log_p); }
        else if (!options.unclaimed) { break; }
        if (options.most_partners == 0 || match.rank <= options.most_partners) { result.matches.push_back(match); }
    }
}

}  // namespace pair_search
}  // namespace

Result<BlindMatches> match_blind_spot(const flow::FlowSource& source_a, const flow::FlowSource& source_b, const PairSearchOptions& options) {
    using namespace pair_search;
    HW_TRY(const PairSide a, gather_side(source_a));
    HW_TRY(const PairSide b, gather_side(source_b));
    BlindMatches result;
    result.flows_a = a.courses.size();
    result.flows_b = b.courses.size();
    result.passed_over_a = a.too_short + a.records.size();
    result.passed_over_b = b.too_short + b.records.size();

    if (options.clock) { result.clock = {.ahead = *options.clock, .basis = ClockBasis::given}; }
    else { result.clock = clock_from_shared(a, b); }
    if (result.clock.basis == ClockBasis::unknown) { result.clock = clock_from_traffic(a, b, options); }

    PairOptions how;
    how.any_lags = result.clock.basis == ClockBasis::unknown;
    const PairGrid grid = make_grid(a, b, result.clock, shape_of(options, options.max_lag + (how.any_lags ? options.max_offset : Duration(0))));
    result.windows = grid.windows;
    result.pairs_tested = count_pairs(a, b, result.clock);
    const auto pairs = result.pairs_tested <= options.all_pairs_up_to ? all_pairs(a, b, result.clock)
                                                                      : likely_pairs(a, b, result.clock, grid, workers(options));
    result.pairs_scored = pairs.size();
    const auto drawn = draw_wrong_pairs(a, b, result.clock, grid, options.null_pairs, options.seed);

    std::vector<PairRef> all(pairs);
    all.insert(all.end(), drawn.begin(), drawn.end());
    LinkOptions link = workers(options);
    link.progress = options.progress;
    const auto totals = score_pairs(a, b, result.clock, grid, all, how, link);
    const std::span<const PairTotal> of_pairs(totals.data(), pairs.size());
    const std::span<const PairTotal> of_drawn(totals.data() + pairs.size(), drawn.size());
    const auto null = calibrate(pairs, of_pairs, drawn, of_drawn, static_cast<double>(result.pairs_tested), a.courses.size(), b.courses.size());
    result.null_samples = null.samples();
    std::vector<double> log_p(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) { log_p[i] = null.log_p(of_pairs[i]); }
    link.progress = nullptr;
    hold_against_own_turns(log_p, pairs, [&](std::span<const PairRef> turned) { return score_pairs(a, b, result.clock, grid, turned, how, link, all); });
    claim(result, a, b, pairs, of_pairs, log_p, options);
    result.interrupted = options.stop.stop_requested();
    return result;
}

}  // namespace hw::trace
