#include "evaluate.hpp"

#include "bounded_delay.hpp"
#include "headwater.hpp"
#include "on_off.hpp"
#include "simple_rivals.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

namespace hw::bench {

namespace {

constexpr OnOffRule kZeek{};
constexpr OnOffRule kWideOnOff{.delta_s = 2};

/// Everything the methods work out once a flow and window.
struct Prepared {
    Cut cut;
    OnOffView on_off;
    SecondBins seconds;
    Gaps gaps;
    HeadwaterView headwater;
};

Prepared prepare(const Traffic& traffic, std::int64_t start_us, double window_s) {
    Prepared p;
    p.cut = cut(traffic, start_us, window_s);
    p.on_off = on_off_view(p.cut, kZeek);
    p.seconds = second_bins(p.cut);
    p.gaps = first_gaps(p.cut);
    p.headwater = headwater_view(p.cut);
    return p;
}

struct Clocked {
    std::array<double, kMethods> nanoseconds{};
    template <typename Score>
    void run(Method method, std::vector<PairScores>& row, std::size_t from, const Score& score) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t k = from; k < row.size(); ++k) { row[k].score[static_cast<std::size_t>(method)] = score(k - from); }
        nanoseconds[static_cast<std::size_t>(method)] +=
            std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
    }
};

bool same_flow(const Side& a, const Side& b) { return a.capture == b.capture && a.flow == b.flow; }

/// One first flow against many last ones.
class Row {
public:
    Row(const Prepared& up, const CohortStats& up_stats, std::vector<PairScores>& out, Clocked& clock)
        : up_(up), up_stats_(up_stats), out_(out), clock_(clock) {}

    void add(std::uint32_t up, std::span<const std::uint32_t> downs, const std::vector<const Prepared*>& views,
             const std::vector<const CohortStats*>& stats) {
        const std::size_t from = out_.size();
        for (const auto down : downs) { out_.push_back({up, down, {}}); }
        std::vector<HeadwaterScores> raw(downs.size());
        clock_.run(Method::headwater, out_, from, [&](std::size_t k) {
            raw[k] = headwater_scores(up_.headwater, views[k]->headwater);
            return headwater_z(raw[k], up_stats_, *stats[k]);
        });
        clock_.run(Method::headwater_raw, out_, from, [&](std::size_t k) { return *std::ranges::max_element(raw[k]); });
        clock_.run(Method::on_off, out_, from, [&](std::size_t k) { return on_off_score(up_.on_off, views[k]->on_off, kZeek); });
        clock_.run(Method::on_off_2s, out_, from, [&](std::size_t k) { return on_off_score(up_.on_off, views[k]->on_off, kWideOnOff); });
        clock_.run(Method::he_tong_05, out_, from, [&](std::size_t k) { return bounded_delay_score(up_.cut, views[k]->cut, 0.5); });
        clock_.run(Method::he_tong_2, out_, from, [&](std::size_t k) { return bounded_delay_score(up_.cut, views[k]->cut, 2); });
        clock_.run(Method::he_tong_6, out_, from, [&](std::size_t k) { return bounded_delay_score(up_.cut, views[k]->cut, 6); });
        clock_.run(Method::variation, out_, from, [&](std::size_t k) { return maximum_variation_score(up_.cut, views[k]->cut); });
        clock_.run(Method::second_bins, out_, from, [&](std::size_t k) { return second_bin_score(up_.seconds, views[k]->seconds); });
        clock_.run(Method::gap_cosine, out_, from, [&](std::size_t k) { return gap_cosine(up_.gaps, views[k]->gaps); });
    }

private:
    const Prepared& up_;
    const CohortStats& up_stats_;
    std::vector<PairScores>& out_;
    Clocked& clock_;
};

template <typename Work>
void side_by_side(std::size_t count, unsigned threads, const Work& work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> pool;
    for (unsigned t = 0; t < std::max(1U, threads); ++t) {
        pool.emplace_back([&, t] {
            for (std::size_t k = next++; k < count; k = next++) { work(k, t); }
        });
    }
}

/// Evenly spread over the list, at most `count`.
template <typename T>
std::vector<T> spread(const std::vector<T>& all, std::size_t count) {
    if (all.size() <= count) { return all; }
    std::vector<T> out;
    for (std::size_t k = 0; k < count; ++k) { out.push_back(all[k * all.size() / count]); }
    return out;
}

bool lives(const TruePair& pair, const EvaluationOptions& options) {
    return static_cast<double>(pair.last_us - pair.first_us) * 1e-6 >= options.least_share * options.window_s;
}

}  // namespace

std::string_view name_of(Method method) {
    static constexpr std::array<std::string_view, kMethods> kNames{
        "Headwater",       "Headwater, no cohort", "ON/OFF 80 ms", "ON/OFF, 2 s",    "He-Tong, 0.5 s",
        "He-Tong, 2 s",    "He-Tong, 6 s",         "variation",    "1 s bins",       "gap cosine"};
    return kNames[static_cast<std::size_t>(method)];
}

Evaluation evaluate(const std::vector<Played>& played, const std::vector<Played>& cohort, const EvaluationOptions& options) {
    Evaluation result;
    for (std::uint32_t k = 0; k < played.size(); ++k) {
        if (lives(played[k].pair, options)) { result.used.push_back(k); } else { ++result.too_short; }
    }
    const std::size_t n = result.used.size();
    std::vector<Played> thinned;
    const auto traffic = [&](std::uint32_t index, bool up) -> Traffic {
        const Traffic& t = up ? played[index].up : played[index].down;
        return options.sampling > 1 ? sampled(t, options.sampling, options.seed + 2 * index + (up ? 1 : 0)) : t;
    };
    std::vector<Prepared> ups(n);
    std::vector<Prepared> downs(n);
    std::vector<Traffic> down_traffic(n);
    for (std::size_t k = 0; k < n; ++k) {
        const auto start = played[result.used[k]].pair.first_us;
        ups[k] = prepare(traffic(result.used[k], true), start, options.window_s);
        down_traffic[k] = traffic(result.used[k], false);
        downs[k] = prepare(down_traffic[k], start, options.window_s);
    }

    std::vector<const Played*> others;
    for (const auto& p : cohort) {
        if (lives(p.pair, options)) { others.push_back(&p); }
    }
    others = spread(others, options.cohort);
    result.cohort = others.size();
    std::vector<HeadwaterView> cohort_ups;
    std::vector<HeadwaterView> cohort_downs;
    for (std::size_t k = 0; k < others.size(); ++k) {
        const auto thin = [&](const Traffic& t, std::uint64_t salt) {
            return options.sampling > 1 ? sampled(t, options.sampling, options.seed + 1'000'000 + salt) : t;
        };
        cohort_ups.push_back(headwater_view(cut(thin(others[k]->up, 2 * k), others[k]->pair.first_us, options.window_s)));
        cohort_downs.push_back(headwater_view(cut(thin(others[k]->down, 2 * k + 1), others[k]->pair.first_us, options.window_s)));
    }
    std::vector<CohortStats> up_stats(n);
    std::vector<CohortStats> down_stats(n);
    side_by_side(n, options.threads, [&](std::size_t k, unsigned) {
        std::vector<HeadwaterScores> scores;
        for (const auto& other : cohort_downs) { scores.push_back(headwater_scores(ups[k].headwater, other)); }
        up_stats[k] = cohort_stats(scores);
        scores.clear();
        for (const auto& other : cohort_ups) { scores.push_back(headwater_scores(other, downs[k].headwater)); }
        down_stats[k] = cohort_stats(scores);
    });

    std::vector<std::vector<PairScores>> rows(n);
    std::vector<Clocked> clocks(std::max(1U, options.threads));
    side_by_side(n, options.threads, [&](std::size_t k, unsigned thread) {
        const Played& mine = played[result.used[k]];
        std::vector<Prepared> here;  // last flows of the same recording, over this window
        here.reserve(n);
        std::vector<std::uint32_t> names;
        std::vector<const Prepared*> views;
        std::vector<const CohortStats*> stats;
        for (std::size_t j = 0; j < n; ++j) {
            const Played& other = played[result.used[j]];
            const bool together = other.recording == mine.recording;
            if (j != k && together && (same_flow(mine.pair.up, other.pair.up) || same_flow(mine.pair.down, other.pair.down))) { continue; }
            if (j != k && together) {
                here.push_back(prepare(down_traffic[j], mine.pair.first_us, options.window_s));
                views.push_back(&here.back());
            } else {
                views.push_back(&downs[j]);
            }
            names.push_back(result.used[j]);
            stats.push_back(&down_stats[j]);
        }
        Row(ups[k], up_stats[k], rows[k], clocks[thread]).add(result.used[k], names, views, stats);
    });
    for (auto& row : rows) { result.scores.insert(result.scores.end(), row.begin(), row.end()); }
    for (std::size_t m = 0; m < kMethods; ++m) {
        for (const auto& clock : clocks) { result.nanoseconds[m] += clock.nanoseconds[m]; }
        result.nanoseconds[m] /= static_cast<double>(std::max<std::size_t>(1, result.scores.size()));
    }
    return result;
}

}  // namespace hw::bench
