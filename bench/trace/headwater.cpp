#include "headwater.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

namespace hw::bench {

namespace {

constexpr double kBinS = 0.25;

std::vector<flow::ActivityBin> bins_of(const std::vector<double>& times, const std::vector<std::uint32_t>& bytes) {
    std::vector<flow::ActivityBin> out;
    for (std::size_t k = 0; k < times.size(); ++k) {
        const auto index = static_cast<std::int64_t>(std::floor(times[k] / kBinS));
        if (out.empty() || out.back().index != index) { out.push_back({index, 0, 0}); }
        ++out.back().packets;
        out.back().bytes += bytes[k];
    }
    return out;
}

}  // namespace

HeadwaterView headwater_view(const Cut& cut) {
    const trace::Window window{0, static_cast<std::int64_t>(std::ceil(cut.length_s / kBinS))};
    return {trace::make_series(bins_of(cut.commands, cut.command_bytes), window), trace::make_series(bins_of(cut.answers, cut.answer_bytes), window)};
}

HeadwaterScores headwater_scores(const HeadwaterView& up, const HeadwaterView& down) {
    return trace::match_courses(up, down, std::chrono::seconds(6)).score;
}

CohortStats cohort_stats(std::span<const HeadwaterScores> scores) {
    CohortStats stats;
    const auto n = static_cast<double>(scores.size());
    for (std::size_t f = 0; f < trace::kFeatures; ++f) {
        double sum = 0;
        double squares = 0;
        for (const auto& s : scores) { sum += s[f]; }
        const double mean = n > 0 ? sum / n : 0;
        for (const auto& s : scores) { squares += (s[f] - mean) * (s[f] - mean); }
        stats.mean[f] = mean;
        stats.deviation[f] = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
    }
    return stats;
}

double headwater_z(const HeadwaterScores& scores, const CohortStats& up, const CohortStats& down) {
    constexpr double kLeastDeviation = 0.5;  // a flow that nothing resembles must not make every likeness a wonder
    double best = -1e9;
    for (std::size_t f = 0; f < trace::kFeatures; ++f) {
        if (up.deviation[f] == 0 && down.deviation[f] == 0) { continue; }
        const double by_up = (scores[f] - up.mean[f]) / std::max(kLeastDeviation, up.deviation[f]);
        const double by_down = (scores[f] - down.mean[f]) / std::max(kLeastDeviation, down.deviation[f]);
        best = std::max(best, (by_up + by_down) / 2);
    }
    return best;
}

}  // namespace hw::bench
