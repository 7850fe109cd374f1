#include "trace/tail.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {

constexpr std::size_t kFewest = 20;
constexpr double kTailShare = 0.05;
constexpr std::size_t kFewestInTail = 10;
constexpr double kHeaviest = 0.9;       // the mean ends at 1
constexpr double kShapeVariance = 1.2;  // of the estimate, times the number of excesses, near shape 0.1

/// log of the upper tail of the standard normal; the asymptotic series where erfc underflows.
double log_normal_tail(double z) {
    if (z < 30) { return std::log(0.5 * std::erfc(z / std::numbers::sqrt2)); }
    return -0.5 * z * z - std::log(z * std::sqrt(2 * std::numbers::pi));
}

/// Probability-weighted moments of the excesses y: b0 their mean, b1 the mean of (1 - F)·y, F by plotting position.
struct Weighted {
    double b0 = 0;
    double b1 = 0;
};
Weighted weighted_moments(std::span<const double> rising_excesses) {
    const auto n = static_cast<double>(rising_excesses.size());
    Weighted w;
    for (std::size_t i = 0; i < rising_excesses.size(); ++i) {
        const double f = (static_cast<double>(i + 1) - 0.35) / n;
        w.b0 += rising_excesses[i];
        w.b1 += (1 - f) * rising_excesses[i];
    }
    w.b0 /= std::max(n, 1.0);
    w.b1 /= std::max(n, 1.0);
    return w;
}

}  // namespace

double ParetoTail::log_beyond(double y) const {
    const double x = y / scale;
    return shape > 1e-9 ? -std::log1p(shape * x) / shape : -x;
}

double ParetoTail::log_density(double y) const {
    const double x = y / scale;
    return (shape > 1e-9 ? -(1 / shape + 1) * std::log1p(shape * x) : -x) - std::log(scale);
}

ParetoTail fit_pareto_tail(std::span<const double> rising_excesses) {
    const Weighted w = weighted_moments(rising_excesses);
    const double gap = w.b0 - 2 * w.b1;
    if (rising_excesses.empty() || w.b0 <= 1e-12 || gap <= 1e-12) { return {0, rising_excesses.empty() ? 1 : std::max(w.b0, 1e-6)}; }
    const double shape = 2 - w.b0 / gap;
    if (shape < 0) { return {0, w.b0}; }  // the exponential tail with the same mean
    return {std::min(shape, kHeaviest), 2 * w.b0 * w.b1 / gap};
}

ParetoTail fit_pareto_tail(std::span<const double> rising_excesses, const ShapePrior& prior) {
    const Weighted w = weighted_moments(rising_excesses);
    const double gap = w.b0 - 2 * w.b1;
    if (rising_excesses.empty() || w.b0 <= 1e-12 || gap <= 1e-12) { return fit_pareto_tail(rising_excesses); }
    const double told = static_cast<double>(rising_excesses.size()) / kShapeVariance;
    const double known = 1 / (prior.spread * prior.spread);
    const double shape = ((2 - w.b0 / gap) * told + prior.usual * known) / (told + known);
    const double kept = std::clamp(shape, 0.0, kHeaviest);
    return {kept, w.b0 * (1 - kept)};
}

NullTail::NullTail(std::vector<double> scores) : sorted_(std::move(scores)) {
    std::ranges::sort(sorted_);
    if (sorted_.size() < kFewest) { return; }
    const std::size_t n = sorted_.size();
    const std::size_t in_tail = std::min(n / 2, std::max(kFewestInTail, static_cast<std::size_t>(kTailShare * static_cast<double>(n))));
    threshold_ = sorted_[n - in_tail - 1];
    exceeding_ = static_cast<double>(in_tail) / static_cast<double>(n);
    std::vector<double> excesses(sorted_.end() - static_cast<std::ptrdiff_t>(in_tail), sorted_.end());
    for (double& y : excesses) { y -= threshold_; }
    tail_ = fit_pareto_tail(excesses);
}

double NullTail::log_p(double z) const {
    if (sorted_.size() < kFewest) { return std::min(0.0, log_normal_tail(z)); }
    const auto n = static_cast<double>(sorted_.size());
    if (z > threshold_) { return std::log(exceeding_) + tail_.log_beyond(z - threshold_); }
    const auto at_least = static_cast<double>(sorted_.end() - std::ranges::lower_bound(sorted_, z));
    return std::min(0.0, std::log((at_least + 1) / (n + 1)));  // conformal: the pair itself counts once
}

double NullTail::log_density(double z) const {
    if (sorted_.size() < kFewest) { return -0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi); }
    if (z > threshold_) { return std::log(exceeding_) + tail_.log_density(z - threshold_); }
    const auto near = std::ranges::upper_bound(sorted_, z + 0.5) - std::ranges::lower_bound(sorted_, z - 0.5);
    return std::log((static_cast<double>(near) + 1) / static_cast<double>(sorted_.size() + 1));
}

}  // namespace hw::trace
