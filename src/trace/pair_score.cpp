#include "trace/pair_score.hpp"

#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hw::trace {

namespace {
namespace pair_scores {

constexpr double kHighestRho = 0.99995;
constexpr double kLeastSpread = 0.05;
constexpr std::size_t kMostLags = 2 * static_cast<std::size_t>(kMostEpochLags) + 1;

/// The best correlation with b later than a, and with b earlier.
struct Peaks {
    double later = 0;
    double earlier = 0;
    std::int16_t lag_later = 0;
    std::int16_t lag_earlier = 0;
};

Peaks peaks_of(const Epoch::Lane& a, const Epoch::Lane& b, std::size_t lags, DotKernel::Correlate correlate) {
    Peaks peaks;
    if (a.inverse_norm <= 0 || b.inverse_norm <= 0) { return peaks; }
    std::array<std::int32_t, kMostLags> sums;  // only the first 2·lags + 1 are written and read
    correlate(a.values, b.values - lags, a.terms, 2 * lags + 1, sums.data());
    std::size_t later = lags;
    std::size_t earlier = lags;
    for (std::size_t l = 1; l <= lags; ++l) {
        if (sums[lags + l] > sums[later]) { later = lags + l; }
        if (sums[lags - l] > sums[earlier]) { earlier = lags - l; }
    }
    const double scale = a.inverse_norm * b.inverse_norm;
    const auto strength = [&](std::size_t at) { return std::atanh(std::clamp(sums[at] * scale, -kHighestRho, kHighestRho)); };
    peaks.later = strength(later);
    peaks.earlier = later == earlier ? peaks.later : strength(earlier);
    peaks.lag_later = static_cast<std::int16_t>(later - lags);
    peaks.lag_earlier = static_cast<std::int16_t>(-static_cast<std::int32_t>(lags - earlier));
    return peaks;
}

/// The better of both senses stands for either.
void forget_sign(Peaks& peaks) {
    const bool later = peaks.later >= peaks.earlier;
    peaks.later = peaks.earlier = later ? peaks.later : peaks.earlier;
    peaks.lag_later = peaks.lag_earlier = later ? peaks.lag_later : peaks.lag_earlier;
}

}  // namespace pair_scores
}  // namespace

PairScores score_pair(const Epoch& a, const Epoch& b, const PairOptions& options) {
    using flow::Direction;
    PairScores result;
    if (a.shape() != b.shape()) { return result; }
    const std::int64_t shared = std::min(a.life().to, b.life().to) - std::max(a.life().from, b.life().from);
    const auto correlate = dot_kernel().correlate;
    for (std::size_t scale = 0; scale < kScales.size(); ++scale) {
        const std::int64_t n = shared / kScales[scale];
        if (n < options.fewest_bins) { break; }
        ++result.scales;
        const double weight = std::sqrt(static_cast<double>(n) / 2);
        for (const bool cross : {false, true}) {
            const auto there = static_cast<std::size_t>(cross ? Passage::a_to_b_crossed : Passage::a_to_b);
            const auto here = there + 1;
            if (!options.passages[there] && !options.passages[here]) { continue; }
            auto of_requests = pair_scores::peaks_of(a.lane(Direction::request, scale),
                                                           b.lane(cross ? Direction::reply : Direction::request, scale), a.lags(scale), correlate);
            auto of_replies = pair_scores::peaks_of(a.lane(Direction::reply, scale),
                                                          b.lane(cross ? Direction::request : Direction::reply, scale), a.lags(scale), correlate);
            if (options.any_lags) {
                pair_scores::forget_sign(of_requests);
                pair_scores::forget_sign(of_replies);
            }
            result.score[there][scale] = static_cast<float>(weight * (of_requests.later + of_replies.earlier));
            result.score[here][scale] = static_cast<float>(weight * (of_requests.earlier + of_replies.later));
            result.lag_request[there][scale] = of_requests.lag_later;
            result.lag_reply[there][scale] = of_replies.lag_earlier;
            result.lag_request[here][scale] = of_requests.lag_earlier;
            result.lag_reply[here][scale] = of_replies.lag_later;
        }
    }
    return result;
}

CohortMoments cohort_moments(const Epoch& epoch, std::span<const Epoch* const> strangers, const PairOptions& options) {
    std::vector<PairScores> scores;
    scores.reserve(strangers.size());
    for (const Epoch* stranger : strangers) { scores.push_back(score_pair(epoch, *stranger, options)); }
    return cohort_moments(scores, options);
}

CohortMoments cohort_moments(std::span<const PairScores> with_strangers, const PairOptions& options) {
    std::array<std::vector<float>, kPairFeatures> samples;
    CohortMoments moments;
    for (const PairScores& scores : with_strangers) {
        moments.size += scores.scales > 0 ? 1 : 0;
        for (std::size_t p = 0; p < kPassages; ++p) {
            if (!options.passages[p]) { continue; }
            for (std::size_t scale = 0; scale < scores.scales; ++scale) {
                samples[pair_feature(static_cast<Passage>(p), scale)].push_back(scores.score[p][scale]);
            }
        }
    }
    for (std::size_t f = 0; f < kPairFeatures; ++f) {
        auto& sample = samples[f];
        std::ranges::sort(sample);
        sample.resize(sample.size() - (sample.size() + 49) / 50);
        if (sample.size() < 2) { continue; }
        double sum = 0;
        double squares = 0;
        for (const double s : sample) {
            sum += s;
            squares += s * s;
        }
        const auto n = static_cast<double>(sample.size());
        const double mean = sum / n;
        const double sd = std::max(std::sqrt(std::max(squares / n - mean * mean, 0.0)), pair_scores::kLeastSpread);
        moments.mean[f] = static_cast<float>(mean);
        moments.inverse_sd[f] = static_cast<float>(1 / sd);
    }
    return moments;
}

PairMatch normalised(const PairScores& scores, const CohortMoments& a, const CohortMoments& b, const PairOptions& options) {
    PairMatch match;
    match.z = kNoMatch;
    match.control = kNoMatch;
    match.best_of.fill(kNoMatch);
    std::size_t best_scale = 0;
    const auto z_of = [&](std::size_t p, std::size_t scale) {
        const std::size_t f = pair_feature(static_cast<Passage>(p), scale);
        const double s = scores.score[p][scale];
        return 0.5 * ((s - a.mean[f]) * a.inverse_sd[f] + (s - b.mean[f]) * b.inverse_sd[f]);
    };
    for (std::size_t p = 0; p < kPassages; ++p) {
        if (!options.passages[p]) { continue; }
        for (std::size_t scale = 0; scale < scores.scales; ++scale) {
            const std::size_t f = pair_feature(static_cast<Passage>(p), scale);
            if (a.inverse_sd[f] <= 0 || b.inverse_sd[f] <= 0) { continue; }
            const double z = z_of(p, scale);
            match.best_of[p] = std::max(match.best_of[p], static_cast<float>(z));
            if (z <= match.z) { continue; }
            match.z = z;
            match.passage = static_cast<Passage>(p);
            best_scale = scale;
        }
    }
    if (match.z == kNoMatch) { return match; }
    const auto p = static_cast<std::size_t>(match.passage);
    const auto width = kScales[best_scale] * flow::kActivityBinWidth;
    match.scale_s = std::chrono::duration<double>(width).count();
    match.lag_request = scores.lag_request[p][best_scale] * width;
    match.lag_reply = scores.lag_reply[p][best_scale] * width;
    match.control = match.best_of[static_cast<std::size_t>(mirrored(match.passage))];
    return match;
}

Alignment align_pair(const Epoch& a, const Epoch& b, std::size_t scale) {
    using flow::Direction;
    Alignment best;
    if (a.shape() != b.shape()) { return best; }
    const std::int64_t shared = std::min(a.life().to, b.life().to) - std::max(a.life().from, b.life().from);
    const std::int64_t n = shared / kScales[scale];
    if (n < PairOptions{}.fewest_bins) { return best; }
    const auto correlate = dot_kernel().correlate;
    const auto width = kScales[scale] * flow::kActivityBinWidth;
    for (const bool cross : {false, true}) {
        const auto requests = pair_scores::peaks_of(a.lane(Direction::request, scale), b.lane(cross ? Direction::reply : Direction::request, scale),
                                                    a.lags(scale), correlate);
        const auto replies = pair_scores::peaks_of(a.lane(Direction::reply, scale), b.lane(cross ? Direction::request : Direction::reply, scale),
                                                   a.lags(scale), correlate);
        const double score = std::sqrt(static_cast<double>(n) / 2) * (std::max(requests.later, requests.earlier) + std::max(replies.later, replies.earlier));
        if (score <= best.score) { continue; }
        best = {score, (requests.later >= requests.earlier ? requests.lag_later : requests.lag_earlier) * width,
                (replies.later >= replies.earlier ? replies.lag_later : replies.lag_earlier) * width};
    }
    return best;
}

}  // namespace hw::trace
