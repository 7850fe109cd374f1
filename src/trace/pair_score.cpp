#include "trace/pair_score.hpp"

#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hw::trace {

namespace {
namespace pair_scores {

constexpr double kHighestRho = 0.99995;
constexpr double kLeastSpread = 0.4;     // the best of so many lags varies by 0.5 to 0.6 by chance alone: less is a sample of silences
constexpr double kLeastSumSpread = 0.25;  // a part
constexpr double kBelieved = 4;
constexpr double kDoubted = 2;
constexpr double kLeastVariance = 0.3;  // of a correlation, times the boxes: flows that alternate could make it too small
constexpr std::size_t kMostLags = 2 * static_cast<std::size_t>(kMostEpochLags) + 1;

/// The best correlation with b later than a, and with b earlier.
struct Peaks {
    double later = 0;
    double earlier = 0;
    std::int16_t lag_later = 0;
    std::int16_t lag_earlier = 0;
};

/// A part's evidence: beyond kBelieved only as the logarithm. Correlations of few bursts have far heavier tails than a cohort
/// can show, so that no part alone may carry a pair.
double tempered(double z) { return z > kBelieved ? kBelieved + kDoubted * std::log1p((z - kBelieved) / kDoubted) : z; }

/// `boxes`: strides that both lived through.
Peaks peaks_of(const Epoch::Lane& a, const Epoch::Lane& b, std::size_t lags, std::int64_t boxes, DotKernel::Correlate correlate) {
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
    float shared_memory = 1;
    for (std::size_t k = 0; k < kMemoryTerms; ++k) { shared_memory += a.memory[k] * b.memory[k]; }
    const double weight = std::sqrt(static_cast<double>(boxes) / std::max(static_cast<double>(shared_memory), kLeastVariance));
    const auto strength = [&](std::size_t at) { return weight * std::atanh(std::clamp(sums[at] * scale, -kHighestRho, kHighestRho)); };
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

/// Mean and inverse spread of a sample less its highest fiftieth; leaves both alone where there is too little.
void trimmed_moments(std::vector<float>& sample, double least_spread, float& mean, float& inverse_sd) {
    std::ranges::sort(sample);
    sample.resize(sample.size() - (sample.size() + 49) / 50);
    if (sample.size() < 2) { return; }
    double sum = 0;
    double squares = 0;
    for (const double s : sample) {
        sum += s;
        squares += s * s;
    }
    const auto n = static_cast<double>(sample.size());
    const double sd = std::max(std::sqrt(std::max(squares / n - sum / n * (sum / n), 0.0)), least_spread);
    mean = static_cast<float>(sum / n);
    inverse_sd = static_cast<float>(1 / sd);
}

/// The parts of one passage in its first `views`, normalised one by one and added.
double sum_of_parts(const PairScores& scores, std::size_t passage, std::size_t views, const CohortMoments& moments) {
    double sum = 0;
    for (std::size_t part = 0; part < kPairParts; ++part) {
        if (part % kViews.size() >= views) { continue; }
        const std::size_t f = pair_feature(static_cast<Passage>(passage), part);
        sum += tempered((scores.score[passage][part] - moments.mean[f]) * moments.inverse_sd[f]);
    }
    return sum;
}

}  // namespace pair_scores
}  // namespace

PairScores score_pair(const Epoch& a, const Epoch& b, const PairOptions& options) {
    using flow::Direction;
    PairScores result;
    if (a.shape() != b.shape()) { return result; }
    const std::int64_t shared = std::min(a.life().to, b.life().to) - std::max(a.life().from, b.life().from);
    const auto correlate = dot_kernel().correlate;
    for (std::size_t view = 0; view < kViews.size(); ++view) {
        const std::int64_t n = shared / kViews[view].width;
        if (n < options.fewest_bins) { break; }
        ++result.scales;
        const std::int64_t boxes = shared / kViews[view].stride;
        for (const bool cross : {false, true}) {
            const auto there = static_cast<std::size_t>(cross ? Passage::a_to_b_crossed : Passage::a_to_b);
            const auto here = there + 1;
            if (!options.passages[there] && !options.passages[here]) { continue; }
            auto of_requests = pair_scores::peaks_of(a.lane(Direction::request, view),
                                                     b.lane(cross ? Direction::reply : Direction::request, view), a.lags(view), boxes, correlate);
            auto of_replies = pair_scores::peaks_of(a.lane(Direction::reply, view),
                                                    b.lane(cross ? Direction::request : Direction::reply, view), a.lags(view), boxes, correlate);
            if (options.any_lags) {
                pair_scores::forget_sign(of_requests);
                pair_scores::forget_sign(of_replies);
            }
            const std::size_t back = kViews.size() + view;
            result.score[there][view] = static_cast<float>(of_requests.later);
            result.score[there][back] = static_cast<float>(of_replies.earlier);
            result.score[here][view] = static_cast<float>(of_requests.earlier);
            result.score[here][back] = static_cast<float>(of_replies.later);
            result.lag_request[there][view] = of_requests.lag_later;
            result.lag_reply[there][view] = of_replies.lag_earlier;
            result.lag_request[here][view] = of_requests.lag_earlier;
            result.lag_reply[here][view] = of_replies.lag_later;
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
    CohortMoments moments;
    std::vector<float> sample;
    const auto each = [&](std::size_t cross, const auto& visit) {  // every stranger, each passage of this pairing that is scored
        for (const PairScores& scores : with_strangers) {
            for (std::size_t p = 2 * cross; p < 2 * cross + 2; ++p) {
                if (options.passages[p]) { visit(scores, p); }
            }
        }
    };
    for (const PairScores& scores : with_strangers) { moments.size += scores.scales > 0 ? 1 : 0; }
    for (std::size_t cross = 0; cross < 2; ++cross) {
        for (std::size_t part = 0; part < kPairParts; ++part) {
            sample.clear();
            each(cross, [&](const PairScores& scores, std::size_t p) {
                if (part % kViews.size() < scores.scales) { sample.push_back(scores.score[p][part]); }
            });
            const std::size_t f = cross * kPairParts + part;
            pair_scores::trimmed_moments(sample, pair_scores::kLeastSpread, moments.mean[f], moments.inverse_sd[f]);
        }
        for (std::size_t views = 1; views <= kViews.size(); ++views) {
            sample.clear();
            each(cross, [&](const PairScores& scores, std::size_t p) {
                if (scores.scales >= views) { sample.push_back(static_cast<float>(pair_scores::sum_of_parts(scores, p, views, moments))); }
            });
            const double least = 2 * static_cast<double>(views) * pair_scores::kLeastSumSpread;
            pair_scores::trimmed_moments(sample, least, moments.sum_mean[cross][views - 1], moments.sum_inverse_sd[cross][views - 1]);
        }
    }
    return moments;
}

PairMatch normalised(const PairScores& scores, const CohortMoments& a, const CohortMoments& b, const PairOptions& options) {
    PairMatch match;
    match.z = kNoMatch;
    match.control = kNoMatch;
    match.best_of.fill(kNoMatch);
    if (scores.scales == 0) { return match; }
    const std::size_t views = scores.scales;
    const auto z_of = [&](std::size_t p) {
        const std::size_t cross = p / 2;
        if (a.sum_inverse_sd[cross][views - 1] <= 0 || b.sum_inverse_sd[cross][views - 1] <= 0) { return double{kNoMatch}; }
        const auto by = [&](const CohortMoments& m) {
            return (pair_scores::sum_of_parts(scores, p, views, m) - m.sum_mean[cross][views - 1]) * m.sum_inverse_sd[cross][views - 1];
        };
        return std::max(double{kNoMatch}, (by(a) + by(b)) / 2);
    };
    for (std::size_t p = 0; p < kPassages; ++p) {
        if (!options.passages[p]) { continue; }
        const double z = z_of(p);
        match.best_of[p] = static_cast<float>(z);
        if (z <= match.z) { continue; }
        match.z = z;
        match.passage = static_cast<Passage>(p);
    }
    if (match.z == kNoMatch) { return match; }
    const auto p = static_cast<std::size_t>(match.passage);
    std::size_t clearest = 0;
    double most = 0;
    for (std::size_t view = 0; view < views; ++view) {
        double sum = 0;
        for (const std::size_t part : {view, kViews.size() + view}) {
            const std::size_t f = pair_feature(match.passage, part);
            sum += (scores.score[p][part] - a.mean[f]) * a.inverse_sd[f] + (scores.score[p][part] - b.mean[f]) * b.inverse_sd[f];
        }
        if (view == 0 || sum > most) {
            most = sum;
            clearest = view;
        }
    }
    match.scale_s = std::chrono::duration<double>(kViews[clearest].width * flow::kActivityBinWidth).count();
    match.lag_request = scores.lag_request[p][clearest] * kViews[clearest].stride * flow::kActivityBinWidth;
    match.lag_reply = scores.lag_reply[p][clearest] * kViews[clearest].stride * flow::kActivityBinWidth;
    match.control = match.best_of[static_cast<std::size_t>(mirrored(match.passage))];
    return match;
}

Alignment align_pair(const Epoch& a, const Epoch& b, std::size_t view) {
    using flow::Direction;
    Alignment best;
    if (a.shape() != b.shape()) { return best; }
    const std::int64_t shared = std::min(a.life().to, b.life().to) - std::max(a.life().from, b.life().from);
    if (shared / kViews[view].width < PairOptions{}.fewest_bins) { return best; }
    const auto correlate = dot_kernel().correlate;
    const std::int64_t boxes = shared / kViews[view].stride;
    const auto step = kViews[view].stride * flow::kActivityBinWidth;
    for (const bool cross : {false, true}) {
        const auto requests = pair_scores::peaks_of(a.lane(Direction::request, view), b.lane(cross ? Direction::reply : Direction::request, view),
                                                    a.lags(view), boxes, correlate);
        const auto replies = pair_scores::peaks_of(a.lane(Direction::reply, view), b.lane(cross ? Direction::request : Direction::reply, view),
                                                   a.lags(view), boxes, correlate);
        const double score = std::max(requests.later, requests.earlier) + std::max(replies.later, replies.earlier);
        if (score <= best.score) { continue; }
        best = {score, (requests.later >= requests.earlier ? requests.lag_later : requests.lag_earlier) * step,
                (replies.later >= replies.earlier ? replies.lag_later : replies.lag_earlier) * step};
    }
    return best;
}

}  // namespace hw::trace
