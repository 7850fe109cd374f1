#include "roc.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace hw::bench {

namespace {

constexpr double kNormal95 = 1.959963984540054;

/// Of scores sorted downwards, how many are above `threshold`.
std::size_t above(const std::vector<double>& sorted, double threshold) {
    return static_cast<std::size_t>(std::ranges::lower_bound(sorted, threshold, std::greater<>{}) - sorted.begin());
}

}  // namespace

Share wilson(std::size_t hits, std::size_t of) {
    if (of == 0) { return {0, 0, 1}; }
    const auto n = static_cast<double>(of);
    const double p = static_cast<double>(hits) / n;
    const double z2 = kNormal95 * kNormal95;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return {p, hits == 0 ? 0 : std::max(0.0, middle - half), hits == of ? 1 : std::min(1.0, middle + half)};
}

Roc::Roc(std::vector<double> positives, std::vector<double> negatives) : positives_(std::move(positives)), negatives_(std::move(negatives)) {
    for (auto* scores : {&positives_, &negatives_}) {
        for (double& s : *scores) {
            if (std::isnan(s)) { s = -std::numeric_limits<double>::infinity(); }
        }
        std::ranges::sort(*scores, std::greater<>{});
    }
}

OperatingPoint Roc::at(double false_rate) const {
    OperatingPoint point;
    point.false_rate = false_rate;
    const double expected = false_rate * static_cast<double>(negatives_.size());
    point.resolution = expected >= 10 - 1e-9 ? Resolution::good : expected >= 1 - 1e-9 ? Resolution::thin : Resolution::none;
    const auto allowed = static_cast<std::size_t>(expected + 1e-9);
    // The first negative that may not pass is the threshold: what exceeds it passes.
    point.threshold = allowed < negatives_.size() ? negatives_[allowed] : -std::numeric_limits<double>::infinity();
    point.false_positives = above(negatives_, point.threshold);
    point.hits = above(positives_, point.threshold);
    point.true_rate = wilson(point.hits, positives_.size());
    return point;
}

Roc::Fixed Roc::at_threshold(double threshold) const {
    const double just_below = std::nextafter(threshold, -std::numeric_limits<double>::infinity());
    return {wilson(above(negatives_, just_below), negatives_.size()), wilson(above(positives_, just_below), positives_.size())};
}

std::vector<Roc::Step> Roc::steps() const {
    std::vector<Step> out;
    if (positives_.empty() || negatives_.empty()) { return out; }
    const auto n = static_cast<double>(negatives_.size());
    const auto p = static_cast<double>(positives_.size());
    for (std::size_t k = 0; k <= negatives_.size();) {
        const double threshold = k < negatives_.size() ? negatives_[k] : -std::numeric_limits<double>::infinity();
        const Step step{std::max(1.0, static_cast<double>(k)) / n, static_cast<double>(above(positives_, threshold)) / p};
        if (out.empty() || out.back().true_rate != step.true_rate || k == negatives_.size()) { out.push_back(step); }
        // Next: past all that equal this threshold.
        std::size_t next = k + 1;
        while (next < negatives_.size() && negatives_[next] == threshold) { ++next; }
        k = next;
    }
    return out;
}

}  // namespace hw::bench
