#include "evaluate.hpp"

#include "bounded_delay.hpp"
#include "headwater.hpp"
#include "on_off.hpp"
#include "simple_rivals.hpp"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <limits>
#include <thread>

namespace hw::bench {

namespace {

constexpr OnOffRule kZeek{};
constexpr OnOffRule kWideOnOff{.delta_s = 0.3};  // the laboratory's paths are up to 0.24 s long one way; 80 ms is for one sensor

/// Everything the methods work out once a flow and window.
struct Prepared {
    Cut cut;
    OnOffView on_off;
    SecondBins seconds;
    Gaps gaps;
    trace::Epoch headwater;
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

/// What this thread has run: unlike the time of day, the same on a busy machine.
double thread_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Clocked {
    std::array<double, kMethods> nanoseconds{};
    template <typename Score>
    void run(Method method, std::vector<PairScores>& row, const Score& score) {
        const double begin = thread_nanoseconds();
        for (std::size_t k = 0; k < row.size(); ++k) { row[k].score[static_cast<std::size_t>(method)] = score(k); }
        nanoseconds[static_cast<std::size_t>(method)] += thread_nanoseconds() - begin;
    }
};

bool same_flow(const Side& a, const Side& b) { return a.capture == b.capture && a.flow == b.flow; }

/// A flow's cohort moments with the roles known and unknown.
struct Moments {
    trace::CohortMoments known;
    trace::CohortMoments unknown;
};

/// One first flow against one last flow, each with its moments.
struct Against {
    std::uint32_t down = 0;
    const Prepared* view = nullptr;
    const Moments* up_moments = nullptr;
    const Moments* down_moments = nullptr;
};

std::vector<PairScores> score_row(std::uint32_t index, const Prepared& up, const std::vector<Against>& against, Clocked& clock) {
    std::vector<PairScores> row;
    row.reserve(against.size());
    for (const auto& a : against) { row.push_back({index, a.down, {}}); }
    clock.run(Method::headwater, row, [&](std::size_t k) {
        const Against& a = against[k];
        return trace::normalised(trace::score_pair(up.headwater, a.view->headwater, kRolesKnown), a.up_moments->known, a.down_moments->known, kRolesKnown).z;
    });
    clock.run(Method::roles_unknown, row, [&](std::size_t k) {
        const Against& a = against[k];
        return trace::normalised(trace::score_pair(up.headwater, a.view->headwater, kRolesUnknown), a.up_moments->unknown, a.down_moments->unknown,
                                 kRolesUnknown).z;
    });
    clock.run(Method::on_off, row, [&](std::size_t k) { return on_off_score(up.on_off, against[k].view->on_off, kZeek); });
    clock.run(Method::on_off_wide, row, [&](std::size_t k) { return on_off_score(up.on_off, against[k].view->on_off, kWideOnOff); });
    clock.run(Method::he_tong_05, row, [&](std::size_t k) { return bounded_delay_score(up.cut, against[k].view->cut, 0.5); });
    clock.run(Method::he_tong_2, row, [&](std::size_t k) { return bounded_delay_score(up.cut, against[k].view->cut, 2); });
    clock.run(Method::he_tong_6, row, [&](std::size_t k) { return bounded_delay_score(up.cut, against[k].view->cut, 6); });
    clock.run(Method::variation, row, [&](std::size_t k) { return maximum_variation_score(up.cut, against[k].view->cut); });
    clock.run(Method::second_bins, row, [&](std::size_t k) { return second_bin_score(up.seconds, against[k].view->seconds); });
    clock.run(Method::gap_cosine, row, [&](std::size_t k) { return gap_cosine(up.gaps, against[k].view->gaps); });
    return row;
}

/// Flows to normalise by, each with the recording it is from.
struct Pool {
    std::vector<trace::Epoch> ups;
    std::vector<trace::Epoch> downs;
    std::vector<std::size_t> recording;
};

/// The moments of one flow for pairs with each recording: its own and that one are left out of the cohort.
std::vector<Moments> moments_by_recording(const trace::Epoch& epoch, bool is_up, std::size_t own, const Pool& pool, std::size_t recordings,
                                          std::size_t& least) {
    std::array<std::vector<trace::PairScores>, 2> scores;
    std::vector<std::size_t> from;
    for (std::size_t k = 0; k < pool.recording.size(); ++k) {
        if (pool.recording[k] == own) { continue; }
        from.push_back(pool.recording[k]);
        for (std::size_t unknown = 0; unknown < 2; ++unknown) {
            const auto& options = unknown == 0 ? kRolesKnown : kRolesUnknown;
            scores[unknown].push_back(is_up ? trace::score_pair(epoch, pool.downs[k], options) : trace::score_pair(pool.ups[k], epoch, options));
        }
    }
    std::vector<Moments> out(recordings);
    std::array<std::vector<trace::PairScores>, 2> kept;
    for (std::size_t r = 0; r < recordings; ++r) {
        for (std::size_t unknown = 0; unknown < 2; ++unknown) {
            kept[unknown].clear();
            for (std::size_t k = 0; k < from.size(); ++k) {
                if (from[k] != r) { kept[unknown].push_back(scores[unknown][k]); }
            }
        }
        out[r] = {trace::cohort_moments(kept[0], kRolesKnown), trace::cohort_moments(kept[1], kRolesUnknown)};
        least = std::min(least, kept[0].size());
    }
    return out;
}

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

/// A session that is silent for most of the window (or stalled) is a short one, however long its connections stayed open.
bool lives(const Played& played, const EvaluationOptions& options) {
    std::int64_t last_us = played.pair.last_us;
    for (const auto* traffic : {&played.up, &played.down}) {
        std::int64_t spoken = played.pair.first_us;
        for (const auto* half : {&traffic->commands, &traffic->answers}) {
            if (!half->empty()) { spoken = std::max(spoken, half->back().micros); }
        }
        last_us = std::min(last_us, spoken);
    }
    return static_cast<double>(last_us - played.pair.first_us) * 1e-6 >= options.least_share * options.window_s;
}

}  // namespace

std::string_view name_of(Method method) {
    static constexpr std::array<std::string_view, kMethods> kNames{
        "Headwater",       "Headwater, roles unknown", "ON/OFF 80 ms", "ON/OFF, 0.3 s",    "He-Tong, 0.5 s",
        "He-Tong, 2 s",    "He-Tong, 6 s",         "variation",    "1 s bins",       "gap cosine"};
    return kNames[static_cast<std::size_t>(method)];
}

Evaluation evaluate(const std::vector<Played>& played, const std::vector<Played>& cohort, const EvaluationOptions& options) {
    Evaluation result;
    std::size_t recordings = 0;
    for (std::uint32_t k = 0; k < played.size(); ++k) {
        recordings = std::max(recordings, played[k].recording + 1);
        if (lives(played[k], options)) { result.used.push_back(k); } else { ++result.too_short; }
    }
    const auto thin = [&](const Traffic& traffic, std::uint64_t salt) {
        return options.sampling > 1 ? sampled(traffic, options.sampling, options.seed + salt) : traffic;
    };
    const std::size_t n = result.used.size();
    std::vector<Prepared> ups(n);
    std::vector<Prepared> downs(n);
    std::vector<Traffic> down_traffic(n);
    for (std::size_t k = 0; k < n; ++k) {
        const Played& p = played[result.used[k]];
        ups[k] = prepare(thin(p.up, 2 * k), p.pair.first_us, options.window_s);
        down_traffic[k] = thin(p.down, 2 * k + 1);
        downs[k] = prepare(down_traffic[k], p.pair.first_us, options.window_s);
    }

    Pool pool;
    std::vector<std::pair<const Played*, std::size_t>> strangers;
    for (const auto k : result.used) { strangers.emplace_back(&played[k], played[k].recording); }
    for (const auto& p : cohort) {
        if (lives(p, options)) { strangers.emplace_back(&p, recordings + p.recording); }
    }
    strangers = spread(strangers, options.cohort);
    for (std::size_t k = 0; k < strangers.size(); ++k) {
        const auto& [p, recording] = strangers[k];
        pool.ups.push_back(headwater_view(cut(thin(p->up, 1'000'000 + 2 * k), p->pair.first_us, options.window_s)));
        pool.downs.push_back(headwater_view(cut(thin(p->down, 1'000'001 + 2 * k), p->pair.first_us, options.window_s)));
        pool.recording.push_back(recording);
    }
    std::vector<std::vector<Moments>> up_moments(n);
    std::vector<std::vector<Moments>> down_moments(n);
    std::vector<std::size_t> least(n, strangers.size());
    side_by_side(n, options.threads, [&](std::size_t k, unsigned) {
        const std::size_t own = played[result.used[k]].recording;
        up_moments[k] = moments_by_recording(ups[k].headwater, true, own, pool, recordings, least[k]);
        down_moments[k] = moments_by_recording(downs[k].headwater, false, own, pool, recordings, least[k]);
    });
    result.cohort_least = n > 0 ? std::ranges::min(least) : 0;

    std::vector<std::vector<PairScores>> rows(n);
    std::vector<Clocked> clocks(std::max(1U, options.threads));
    side_by_side(n, options.threads, [&](std::size_t k, unsigned thread) {
        const Played& mine = played[result.used[k]];
        std::vector<Prepared> here;  // last flows of the same recording, over this window
        here.reserve(n);
        std::vector<Against> against;
        for (std::size_t j = 0; j < n; ++j) {
            const Played& other = played[result.used[j]];
            const bool together = other.recording == mine.recording;
            if (j != k && together && (same_flow(mine.pair.up, other.pair.up) || same_flow(mine.pair.down, other.pair.down))) { continue; }
            const Prepared* view = &downs[j];
            if (j != k && together) {
                here.push_back(prepare(down_traffic[j], mine.pair.first_us, options.window_s));
                view = &here.back();
            }
            against.push_back({result.used[j], view, &up_moments[k][other.recording], &down_moments[j][mine.recording]});
        }
        rows[k] = score_row(result.used[k], ups[k], against, clocks[thread]);
    });
    for (auto& row : rows) { result.scores.insert(result.scores.end(), row.begin(), row.end()); }
    for (std::size_t m = 0; m < kMethods; ++m) {
        for (const auto& clock : clocks) { result.nanoseconds[m] += clock.nanoseconds[m]; }
        result.nanoseconds[m] /= static_cast<double>(std::max<std::size_t>(1, result.scores.size()));
    }
    return result;
}

}  // namespace hw::bench
