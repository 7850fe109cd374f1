#include "trace/multiple_testing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

namespace hw::trace {

namespace {

double harmonic_number(std::uint64_t m) {
    constexpr std::uint64_t kMostSummed = 1000;
    double sum = 0;
    for (std::uint64_t k = std::min(m, kMostSummed); k > 0; --k) { sum += 1 / static_cast<double>(k); }
    if (m <= kMostSummed) { return sum; }
    // Euler and Maclaurin: H_m = ln m + γ + 1/(2m) − 1/(12m²), right to the last digits from here on.
    const auto n = static_cast<double>(m);
    return std::log(n) + std::numbers::egamma + 1 / (2 * n) - 1 / (12 * n * n);
}

}  // namespace

std::vector<double> q_values(std::span<const double> p, std::uint64_t tested) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
    const std::uint64_t all = std::max<std::uint64_t>(tested, p.size());
    const auto m = static_cast<double>(all);
    const double harmonic = harmonic_number(all);
    std::vector<double> q(p.size(), 1);
    double least = 1;
    for (std::size_t rank = order.size(); rank > 0; --rank) {
        least = std::min(least, m * harmonic * p[order[rank - 1]] / static_cast<double>(rank));
        q[order[rank - 1]] = least;
    }
    return q;
}

}  // namespace hw::trace
