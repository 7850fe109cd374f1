#include "trace/tail.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {

constexpr std::size_t kFewest = 20;
constexpr double kTailShare = 0.05;
constexpr std::size_t kFewestInTail = 10;

/// log of the upper tail of the standard normal; the asymptotic series where erfc underflows.
double log_normal_tail(double z) {
    if (z < 30) { return std::log(0.5 * std::erfc(z / std::numbers::sqrt2)); }
    return -0.5 * z * z - std::log(z * std::sqrt(2 * std::numbers::pi));
}

}  // namespace

NullTail::NullTail(std::vector<double> scores) : sorted_(std::move(scores)) {
    std::ranges::sort(sorted_);
    if (sorted_.size() < kFewest) { return; }
    const std::size_t n = sorted_.size();
    const std::size_t in_tail = std::min(n / 2, std::max(kFewestInTail, static_cast<std::size_t>(kTailShare * static_cast<double>(n))));
    threshold_ = sorted_[n - in_tail - 1];
    exceeding_ = static_cast<double>(in_tail) / static_cast<double>(n);
    // Probability-weighted moments of the excesses y: b0 = mean, b1 = mean of (1 - F)·y, F by plotting position.
    double b0 = 0;
    double b1 = 0;
    for (std::size_t i = 0; i < in_tail; ++i) {
        const double y = sorted_[n - in_tail + i] - threshold_;
        const double f = (static_cast<double>(i + 1) - 0.35) / static_cast<double>(in_tail);
        b0 += y;
        b1 += (1 - f) * y;
    }
    b0 /= static_cast<double>(in_tail);
    b1 /= static_cast<double>(in_tail);
    const double gap = b0 - 2 * b1;
    if (b0 <= 1e-12 || gap <= 1e-12) {
        shape_ = 0;
        scale_ = std::max(b0, 1e-6);
        return;
    }
    shape_ = 2 - b0 / gap;
    if (shape_ < 0) {
        shape_ = 0;
        scale_ = b0;  // the exponential tail with the same mean
        return;
    }
    shape_ = std::min(shape_, 0.9);
    scale_ = 2 * b0 * b1 / gap;
}

double NullTail::log_p(double z) const {
    if (sorted_.size() < kFewest) { return std::min(0.0, log_normal_tail(z)); }
    const auto n = static_cast<double>(sorted_.size());
    if (z > threshold_) {
        const double y = (z - threshold_) / scale_;
        const double log_tail = shape_ > 1e-9 ? -std::log1p(shape_ * y) / shape_ : -y;
        return std::log(exceeding_) + log_tail;
    }
    const auto at_least = static_cast<double>(sorted_.end() - std::ranges::lower_bound(sorted_, z));
    return std::min(0.0, std::log((at_least + 1) / (n + 1)));  // conformal: the pair itself counts once
}

double NullTail::log_density(double z) const {
    if (sorted_.size() < kFewest) { return -0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi); }
    if (z > threshold_) {
        const double y = (z - threshold_) / scale_;
        const double log_tail = shape_ > 1e-9 ? -(1 / shape_ + 1) * std::log1p(shape_ * y) : -y;
        return std::log(exceeding_ / scale_) + log_tail;
    }
    const auto near = std::ranges::upper_bound(sorted_, z + 0.5) - std::ranges::lower_bound(sorted_, z - 0.5);
    return std::log((static_cast<double>(near) + 1) / static_cast<double>(sorted_.size() + 1));
}

}  // namespace hw::trace
