#include "trace/record_link.hpp"

#include "trace/parallel.hpp"
#include "trace/record_assign.hpp"
#include "trace/record_background.hpp"
#include "trace/tunnel_assign.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace hw::trace {

namespace {
namespace record_sweep {

constexpr double kMostPairs = 2e9;             // looked at in one pass
constexpr std::size_t kBlock = 4096;           // inflows a thread takes at once
constexpr std::size_t kSample = 16384;         // inflows that the model is learnt from
constexpr std::size_t kSampleRuns = 16;        // in so many stretches of time
constexpr std::size_t kSteps = 10;             // of expectation and maximisation
/// In the first steps every inflow is taken to have a partner, more and more mildly: habits first, doubts later.
constexpr std::array<double, 5> kHope{1e4, 1e3, 1e2, 1e1, 1};
constexpr std::size_t kTrial = 1024;           // inflows that a start is tried on
constexpr double kGoodStart = 0.8;             // share of links, beyond accident, with which no other start is tried
constexpr double kBetterStart = 0.05;          // and by which another start must be better
constexpr std::size_t kKept = 32;              // candidates kept an inflow …
constexpr std::size_t kKeptOfMany = 8;         // … and where the inflows are many
constexpr std::size_t kMany = 20'000;
constexpr double kLeastShare = 0.02;           // of flows with a partner, however few were found
constexpr double kTimesAccident = 2;           // as many links as accident gives, or nothing was learnt
constexpr double kWellExplained = 0.8;         // share of outflows surely matched one to one with which nobody asks for tunnels
constexpr double kLeastAssigned = 0.03;        // and that tunnels must explain at least
constexpr double kLeastOdds = 1e-5;            // pairs below are dropped
constexpr std::int64_t kSecond = 1'000'000;

/// How far a sweep goes from an inflow's first and last packet, microseconds.
struct Reach {
    std::int64_t before = 0;  ///< Outflows that began so much before the inflow …
    std::int64_t after = 0;   ///< … or so much after.
    std::int64_t end = 0;     ///< And those that ended within this of its end, whenever they began during its life.
};

/// The outflows, ready to be swept: by start as they are, by end through an index.
class Outflows {
public:
    explicit Outflows(std::span<const RecordRow> rows) : rows_(rows), by_end_(rows.size()) {
        std::iota(by_end_.begin(), by_end_.end(), 0U);
        std::ranges::sort(by_end_, [&](std::uint32_t a, std::uint32_t b) {
            return rows[a].last_us != rows[b].last_us ? rows[a].last_us < rows[b].last_us : a < b;
        });
    }
    /// Calls `visit(out)` for the outflows within reach of `in`, each once.
    template <class Visit>
    void near(const RecordRow& in, const Reach& reach, std::int64_t slack, Visit visit) const {
        const auto starts = within(in.first_us - reach.before, in.first_us + reach.after);
        for (std::size_t j = starts.first; j < starts.second; ++j) {
            if (rows_[j].last_us + slack >= in.first_us && rows_[j].first_us <= in.last_us + slack) { visit(static_cast<std::uint32_t>(j)); }
        }
        if (reach.end == 0) { return; }
        const auto key = [&](std::uint32_t j) { return rows_[j].last_us; };
        auto at = std::ranges::lower_bound(by_end_, in.last_us - reach.end, {}, key);
        for (; at != by_end_.end() && key(*at) <= in.last_us + reach.end; ++at) {
            const RecordRow& out = rows_[*at];
            const bool swept = *at >= starts.first && *at < starts.second;
            if (!swept && out.first_us >= in.first_us - reach.before && out.first_us <= in.last_us + slack) { visit(*at); }
        }
    }
    /// Pairs that `near` would go over for all of `ins`.
    [[nodiscard]] double count(std::span<const RecordRow> ins, const Reach& reach) const {
        double pairs = 0;
        for (const auto& in : ins) {
            const auto starts = within(in.first_us - reach.before, in.first_us + reach.after);
            pairs += static_cast<double>(starts.second - starts.first);
            if (reach.end == 0) { continue; }
            const auto key = [&](std::uint32_t j) { return rows_[j].last_us; };
            const auto low = std::ranges::lower_bound(by_end_, in.last_us - reach.end, {}, key);
            const auto high = std::ranges::upper_bound(by_end_, in.last_us + reach.end, {}, key);
            pairs += static_cast<double>(high - low);
        }
        return pairs;
    }
    [[nodiscard]] const RecordRow& row(std::uint32_t j) const { return rows_[j]; }

private:
    [[nodiscard]] std::pair<std::size_t, std::size_t> within(std::int64_t from, std::int64_t to) const {
        const auto low = std::ranges::lower_bound(rows_, from, {}, &RecordRow::first_us);
        const auto high = std::ranges::upper_bound(rows_, to, {}, &RecordRow::first_us);
        return {static_cast<std::size_t>(low - rows_.begin()), static_cast<std::size_t>(std::max(low, high) - rows_.begin())};
    }
    std::span<const RecordRow> rows_;
    std::vector<std::uint32_t> by_end_;
};

/// The farthest reach that keeps within the pairs to be looked at.
Reach choose_reach(std::span<const RecordRow> ins, const Outflows& outs) {
    // Every n-th inflow tells enough of the whole.
    const std::size_t stride = 1 + ins.size() / 5000;
    std::vector<RecordRow> some;
    for (std::size_t i = 0; i < ins.size(); i += stride) { some.push_back(ins[i]); }
    const auto fits = [&](const Reach& reach, double most) { return outs.count(some, reach) <= most / static_cast<double>(stride); };
    Reach reach{kSecond / 2, 4 * kSecond, kSecond / 2};
    struct Try {
        Reach reach;
        double share;  // of the most pairs: the wider the reach, the fewer of its pairs can be links
    };
    const std::array<Try, 4> tries{{{{3600 * kSecond, 86400 * kSecond, 0}, 0.01},
                                    {{60 * kSecond, 600 * kSecond, 60 * kSecond}, 0.02},
                                    {{10 * kSecond, 60 * kSecond, 10 * kSecond}, 0.05},
                                    {{2 * kSecond, 10 * kSecond, 2 * kSecond}, 0.2}}};
    for (const Try& each : tries) {
        if (fits(each.reach, each.share * kMostPairs)) { return each.reach; }
    }
    while (reach.after > kSecond / 100 && !fits(reach, kMostPairs)) { reach = {reach.before / 2, reach.after / 2, reach.end / 2}; }
    return reach;
}

struct Kept {
    std::array<PairOdds, kKept> pairs{};
    std::uint32_t size = 0;
    std::uint32_t most = kKept;
    std::uint32_t compared = 0;
    /// Keeps the best few; among equals the earlier outflow.
    [[nodiscard]] double least() const { return size == most ? pairs[most - 1].odds : kLeastOdds; }
    void offer(std::uint32_t in, std::uint32_t out, double odds) {
        if (size == most && odds <= pairs[most - 1].odds) { return; }
        std::size_t at = size < most ? size++ : most - 1;
        while (at > 0 && pairs[at - 1].odds < odds) {
            pairs[at] = pairs[at - 1];
            --at;
        }
        pairs[at] = {in, out, odds};
    }
};

/// Of the flows, those with a partner. All outflows count as the background, also those that are somebody's partner: a
/// relay is then believed a little less than it could be, and a host that is none cannot talk us into one.
struct Shares {
    double in = 0.5;
    double out = 0.5;
    double hope = 1;
    [[nodiscard]] double odds_factor() const { return hope * in / (1 - in); }
};
constexpr double kSureOfShare = 0.8;  // pairs that count towards the shares

/// Two models, each learnt from the inflows of the other half and used for those of its own: a pair that was believed by
/// accident cannot make itself believable by its own odd bytes (cross-fitting).
using Models = std::array<RecordModel, 2>;
std::size_t half_of_inflow(std::uint32_t in) { return in % 2; }

struct Swept {
    std::vector<PairOdds> pairs;            // by inflow, best first
    std::vector<std::uint32_t> compared;    // an inflow
};

/// The best candidates of the inflows in `which`.
Swept sweep(std::span<const RecordRow> ins, std::span<const std::uint32_t> which, const Outflows& outs, std::span<const Usualness> usual,
            const Models& models, const Shares& shares, const Reach& reach, const LinkOptions& options) {
    const std::int64_t slack = options.max_lag.count();
    const double factor = shares.odds_factor();
    const std::size_t blocks = (which.size() + kBlock - 1) / kBlock;
    std::vector<Swept> parts(blocks);
    for_each_index(blocks, options, [&](std::size_t block) {
        Swept& part = parts[block];
        for (std::size_t i = block * kBlock; i < std::min(which.size(), (block + 1) * kBlock); ++i) {
            Kept kept;
            kept.most = ins.size() > kMany ? kKeptOfMany : kKept;
            const RecordRow& in = ins[which[i]];
            const RecordModel& model = models[half_of_inflow(which[i])];
            outs.near(in, reach, slack, [&](std::uint32_t j) {
                ++kept.compared;
                const double odds = factor * model.ratio(in, outs.row(j), usual[j], kept.least() / factor);
                if (odds >= kLeastOdds) { kept.offer(which[i], j, odds); }
            });
            for (std::size_t k = 0; k < kept.size; ++k) { part.pairs.push_back(kept.pairs[k]); }
            part.compared.push_back(kept.compared);
        }
    });
    Swept all;
    std::size_t size = 0;
    for (const auto& part : parts) { size += part.pairs.size(); }
    all.pairs.reserve(size);
    all.compared.reserve(which.size());
    for (auto& part : parts) {
        all.pairs.insert(all.pairs.end(), part.pairs.begin(), part.pairs.end());
        all.compared.insert(all.compared.end(), part.compared.begin(), part.compared.end());
        part = {};
    }
    return all;
}

/// Some of the inflows, in stretches of time spread evenly: neighbours compete for the same partners.
std::vector<std::uint32_t> sample_of(std::size_t ins) {
    std::vector<std::uint32_t> which;
    if (ins <= kSample) {
        which.resize(ins);
        std::iota(which.begin(), which.end(), 0U);
        return which;
    }
    for (std::size_t run = 0; run < kSampleRuns; ++run) {
        const std::size_t from = run * (ins - kSample / kSampleRuns) / (kSampleRuns - 1);
        for (std::size_t i = 0; i < kSample / kSampleRuns; ++i) { which.push_back(static_cast<std::uint32_t>(from + i)); }
    }
    which.erase(std::ranges::unique(which).begin(), which.end());
    return which;
}

struct Learnt {
    Models models{RecordModel::prior(), RecordModel::prior()};
    Shares shares;
};

/// The host's habits by expectation and maximisation over the inflows in `which`, from `start`.
Learnt learn(std::span<const RecordRow> ins, std::span<const std::uint32_t> which, std::span<const RecordRow> out_rows,
             std::span<const Usualness> usual, const Reach& reach, const RecordModel& start, const LinkOptions& options) {
    const Outflows outs(out_rows);
    Learnt learnt{{start, start}, {}};
    for (std::size_t step = 0; step < kSteps && !options.stop.stop_requested(); ++step) {
        learnt.shares.hope = step < kHope.size() ? kHope[step] : 1;
        const Swept swept = sweep(ins, which, outs, usual, learnt.models, learnt.shares, reach, options);
        const auto chance = match_one_to_one(swept.pairs, ins.size(), out_rows.size());
        std::array<std::vector<WeightedPair>, 2> links;
        double sure = 0;
        for (std::size_t e = 0; e < swept.pairs.size(); ++e) {
            if (chance[e] >= kSureOfShare) { sure += chance[e]; }
            const PairOdds& pair = swept.pairs[e];
            if (chance[e] >= 0.05) { links[1 - half_of_inflow(pair.in)].push_back({&ins[pair.in], &out_rows[pair.out], chance[e]}); }
        }
        for (std::size_t half = 0; half < links.size(); ++half) { learnt.models[half] = learnt.models[half].fit(links[half]); }
        if (step + 1 < kHope.size()) { continue; }
        // The sample's share of the outflows is its share of the inflows.
        const auto n_in = static_cast<double>(which.size());
        const double n_out = n_in * static_cast<double>(out_rows.size()) / static_cast<double>(ins.size());
        learnt.shares.in = std::clamp(sure / n_in, kLeastShare, 0.98);
        learnt.shares.out = std::clamp(sure / n_out, kLeastShare, 0.98);
    }
    return learnt;
}

/// The outflows turned round in time by half of the view, which no relay would do: what is learnt from them is accident.
std::vector<RecordRow> turned_round(std::span<const RecordRow> rows) {
    std::vector<RecordRow> turned(rows.begin(), rows.end());
    const std::int64_t span = rows.back().first_us - rows.front().first_us + 1;
    const std::int64_t half = rows.front().first_us + span / 2;
    for (auto& row : turned) {
        const std::int64_t by = row.first_us < half ? span / 2 : span / 2 - span;
        row.first_us += by;
        row.last_us += by;
    }
    std::ranges::stable_sort(turned, {}, &RecordRow::first_us);
    return turned;
}

/// One view of the outflows, and how usual each is in it.
struct View {
    explicit View(std::vector<RecordRow> all) : rows(std::move(all)), usual(background_intensity(rows)) {}
    std::vector<RecordRow> rows;
    std::vector<Usualness> usual;
};

/// As `learn`, but held against the same learning on outflows turned round in time: a host that shows hardly more links than
/// that relays nothing we can learn from, and the protocols' own sizes stand. Where the mixture of all classes finds
/// little, each class is tried as a start of its own, on a part.
Learnt learn_soberly(std::span<const RecordRow> ins, std::span<const std::uint32_t> which, const View& view, const Reach& reach,
                     const LinkOptions& options) {
    const View turned(turned_round(view.rows));
    const auto from = [&](const RecordModel& start, std::span<const std::uint32_t> some) {
        Learnt learnt = learn(ins, some, view.rows, view.usual, reach, start, options);
        const Learnt accident = learn(ins, some, turned.rows, turned.usual, reach, start, options);
        const bool relays = learnt.shares.in >= kTimesAccident * accident.shares.in;
        if (!relays) { learnt.models = {RecordModel::prior(), RecordModel::prior()}; }
        learnt.shares.in = relays ? std::max(kLeastShare, learnt.shares.in - accident.shares.in) : kLeastShare;
        learnt.shares.out = relays ? std::max(kLeastShare, learnt.shares.out - accident.shares.out) : kLeastShare;
        return learnt;
    };
    const auto trial = which.first(std::min(which.size(), kTrial));
    RecordModel best = RecordModel::prior();
    double share = from(best, trial).shares.in;
    for (std::size_t k = 0; k < kRelayClasses && share < kGoodStart; ++k) {
        const RecordModel start = RecordModel::leaning(static_cast<RelayClass>(k));
        const double found = from(start, trial).shares.in;
        if (found > share + kBetterStart) {
            share = found;
            best = start;
        }
    }
    return from(best, which);
}

/// Share of the outflows that have a partner, all but surely.
double surely_matched(std::span<const PairOdds> pairs, std::span<const double> chance, std::size_t outs) {
    double sure = 0;
    for (std::size_t e = 0; e < pairs.size(); ++e) { sure += chance[e] >= kSureOfShare ? 1 : 0; }
    return sure / static_cast<double>(outs);
}

/// What came of matching by sums, as links.
RecordLinks as_links(TunnelAssignment many, const RecordModel& model) {
    RecordLinks result;
    result.pairs.reserve(many.streams.size());
    for (const StreamChance& s : many.streams) { result.pairs.push_back({s.in, s.out, s.log_ratio, s.chance}); }
    result.none = std::move(many.none);
    result.compared = std::move(many.compared);
    result.pairs_tested = std::accumulate(result.compared.begin(), result.compared.end(), std::uint64_t{0});
    result.model = model;
    return result;
}

}  // namespace record_sweep
}  // namespace

RecordLinks link_records(std::span<const flow::Flow* const> inflows, std::span<const flow::Flow* const> outflows, const LinkOptions& options) {
    using namespace record_sweep;
    RecordLinks result;
    result.compared.resize(inflows.size());
    if (inflows.empty() || outflows.empty()) { return result; }
    const auto ins = record_rows(inflows);
    const View view(record_rows(outflows));
    const Outflows outs(view.rows);
    const Reach reach = choose_reach(ins, outs);

    const auto which = sample_of(ins.size());
    LinkOptions quiet = options;
    quiet.progress = nullptr;
    const Learnt learnt = learn_soberly(ins, which, view, reach, quiet);
    const Models& models = learnt.models;
    const Shares& shares = learnt.shares;
    std::vector<std::uint32_t> all(ins.size());
    std::iota(all.begin(), all.end(), 0U);
    Swept swept = sweep(ins, all, outs, view.usual, models, shares, reach, options);
    if (options.stop.stop_requested()) {
        result.interrupted = true;
        return result;
    }
    const auto chance = match_one_to_one(swept.pairs, ins.size(), view.rows.size());
    if (const double sure = surely_matched(swept.pairs, chance, view.rows.size()); sure < kWellExplained) {
        const TunnelFlows tunnels{ins, view.rows, view.usual, models, false, shares.in};
        if (TunnelAssignment many = assign_streams(tunnels, quiet); many.assigned > std::max(sure, kLeastAssigned)) {
            const View turned(turned_round(view.rows));
            const TunnelAssignment accident = assign_streams({ins, turned.rows, turned.usual, models, true, shares.in}, quiet);
            if (!quiet.stop.stop_requested() && many.assigned >= kTimesAccident * accident.assigned) { return as_links(std::move(many), models[0]); }
        }
    }
    // Against a random outflow of this host: the intensity of starts as a density is it over their number.
    const double to_ratio = static_cast<double>(view.rows.size()) / shares.odds_factor();
    result.pairs.reserve(swept.pairs.size());
    for (std::size_t e = 0; e < swept.pairs.size(); ++e) {
        const PairOdds& pair = swept.pairs[e];
        result.pairs.push_back({pair.in, pair.out, std::log(pair.odds * to_ratio), chance[e]});
    }
    for (auto from = result.pairs.begin(); from != result.pairs.end();) {
        const auto to = std::find_if(from, result.pairs.end(), [&](const RecordPair& p) { return p.in != from->in; });
        std::sort(from, to, [](const RecordPair& a, const RecordPair& b) {
            return a.chance != b.chance ? a.chance > b.chance : a.log_ratio != b.log_ratio ? a.log_ratio > b.log_ratio : a.out < b.out;
        });
        from = to;
    }
    result.compared = std::move(swept.compared);
    result.pairs_tested = std::accumulate(result.compared.begin(), result.compared.end(), std::uint64_t{0});
    result.model = models[0];
    result.partnered_in = shares.in;
    result.partnered_out = shares.out;
    return result;
}

}  // namespace hw::trace
