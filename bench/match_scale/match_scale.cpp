// match_scale N JITTER_S CHAFF QUERIES VERIFIED THREADS: blind-spot matching of N epochs against N through the index, as
// `headwater match` does it. Made-up interactive sessions (interactive.hpp); each of A goes on in one of B. Prints one JSON object.
#include "match_scale/interactive.hpp"
#include "trace/pair_candidates.hpp"
#include "trace/pair_score.hpp"
#include "trace/parallel.hpp"

#include <fmt/core.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace {

using namespace hw;
using namespace hw::trace;

constexpr double kLength = 300;

/// Wall seconds, and processor seconds of all threads: on a shared machine only the latter can be compared.
struct Clock {
    std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
    double cpu = used();
    static double used() {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    [[nodiscard]] double wall_s() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count(); }
    [[nodiscard]] double cpu_s() const { return used() - cpu; }
};

double peak_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Moments that leave a score as it is: what the look-up and the arithmetic cost is the same.
const CohortMoments kPlain = [] {
    CohortMoments plain;
    plain.inverse_sd.fill(1);
    for (auto& of_sums : plain.sum_inverse_sd) { of_sums.fill(1); }
    return plain;
}();

}  // namespace

int main(int count, char** values) {
    if (count != 7) {
        fmt::print(stderr, "match_scale N JITTER_S CHAFF QUERIES VERIFIED THREADS\n");
        return 2;
    }
    const auto n = static_cast<std::size_t>(std::atoll(values[1]));
    const bench::Evasion evasion{std::atof(values[2]), std::atof(values[3]), 0};
    const auto queries = std::min(n, static_cast<std::size_t>(std::atoll(values[4])));
    const auto verified = std::min(queries, static_cast<std::size_t>(std::atoll(values[5])));
    LinkOptions options;
    options.threads = static_cast<unsigned>(std::atoi(values[6]));

    const Embedder embed({}, 1);
    std::vector<Embedding> of_b(n);
    std::vector<Epoch> of_a(queries);
    const auto query_at = [&](std::size_t q) { return q * (n / queries); };
    std::atomic<std::int64_t> embedding_ns = 0;
    Clock generating;
    for_each_index(n, options, [&](std::size_t i) {
        const auto ends = bench::chain(i, kLength, evasion);
        const Epoch b = bench::epoch_of(ends.b, kLength);
        const auto began = std::chrono::steady_clock::now();
        of_b[i] = embed(b);
        embedding_ns += std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - began).count();
        if (i % (n / queries) != 0 || i / (n / queries) >= queries) { return; }
        of_a[i / (n / queries)] = bench::epoch_of(ends.a, kLength);
    });
    const double generated_s = generating.cpu_s();

    const Clock building;
    const EpochIndex index(of_b);
    const double built_s = building.cpu_s();

    std::vector<std::vector<std::uint32_t>> candidates(queries);
    const Clock searching;
    for_each_index(queries, options, [&](std::size_t q) {
        candidates[q] = likely_partners(embed, index, of_a[q]);
    });
    const double search_cpu_s = searching.cpu_s();
    const double search_wall_s = searching.wall_s();
    std::size_t recalled = 0;
    std::size_t handed_on = 0;
    for (std::size_t q = 0; q < queries; ++q) {
        handed_on += candidates[q].size();
        recalled += std::ranges::binary_search(candidates[q], static_cast<std::uint32_t>(query_at(q))) ? 1 : 0;
    }

    // Verification of a part of the queries: the candidates' epochs are made anew from their bins, as a search would.
    std::size_t pairs = 0;
    std::size_t right = 0;
    double score_s = 0;
    double make_s = 0;
    for (std::size_t v = 0; v < verified; ++v) {
        const std::size_t q = v * (queries / verified);
        const Epoch& a = of_a[q];
        std::vector<std::array<std::vector<flow::ActivityBin>, 2>> bins;
        for (const std::uint32_t place : candidates[q]) {
            const auto session = bench::chain(place, kLength, evasion).b;
            bins.push_back({bench::bins_of(session.request), bench::bins_of(session.reply)});
        }
        const Clock making;
        std::vector<Epoch> epochs;
        for (const auto& [request, reply] : bins) {
            epochs.push_back(Epoch::make(request, reply, {Time::from_micros(-10'000'000), Time::from_micros(310'000'000)}, 0, {}));
        }
        make_s += making.cpu_s();
        float best = 0;
        std::uint32_t best_place = ~0U;
        const Clock scoring;
        for (std::size_t i = 0; i < epochs.size(); ++i) {
            const PairScores scores = score_pair(a, epochs[i]);
            const PairMatch match = normalised(scores, kPlain, kPlain);
            if (static_cast<float>(match.z) > best) {
                best = static_cast<float>(match.z);
                best_place = candidates[q][i];
            }
        }
        score_s += scoring.cpu_s();
        pairs += epochs.size();
        right += best_place == query_at(q) ? 1 : 0;
    }
    fmt::print("{{\"n\": {}, \"jitter_s\": {}, \"chaff\": {}, \"queries\": {}, \"recalled\": {}, \"handed_on\": {}, "
               "\"generate_cpu_s\": {:.2f}, \"embed_us\": {:.2f}, \"build_cpu_s\": {:.3f}, \"search_cpu_s\": {:.3f}, \"search_wall_s\": {:.3f}, "
               "\"verified\": {}, \"right_first\": {}, \"pairs\": {}, \"make_us\": {:.2f}, \"score_us\": {:.2f}, \"index_mib\": {:.1f}, \"peak_mib\": {:.1f}, "
               "\"threads\": {}}}\n",
               n, evasion.jitter, evasion.chaff, queries, recalled, handed_on, generated_s,
               1e-3 * static_cast<double>(embedding_ns.load()) / static_cast<double>(n), built_s, search_cpu_s, search_wall_s, verified, right, pairs,
               pairs > 0 ? 1e6 * make_s / static_cast<double>(pairs) : 0, pairs > 0 ? 1e6 * score_s / static_cast<double>(pairs) : 0,
               static_cast<double>(index.footprint()) / 1048576, peak_mib(), options.threads);
    return 0;
}
