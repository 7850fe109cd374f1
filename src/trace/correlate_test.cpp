#include "trace/correlate.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace hw::trace;

namespace {
SparseSeries random_series(std::size_t n, double filled, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> unit(0, 1);
    std::vector<hw::flow::ActivityBin> bins;
    for (std::size_t i = 0; i < n; ++i) {
        if (unit(random) < filled) { bins.push_back({static_cast<std::int64_t>(i), 1 + static_cast<std::uint32_t>(unit(random) * 9), 0}); }
    }
    return make_series(bins, {0, static_cast<std::int64_t>(n)})[0];
}
}  // namespace

TEST_CASE("correlate: sums over pairs and the transform agree at every lag, also at odd lengths") {
    for (const std::size_t n : {4U, 7U, 64U, 301U, 1024U}) {
        const auto a = random_series(n, 0.6, n);
        const auto b = random_series(n, 0.5, n + 1);
        const auto by_pairs = detail::products_by_pairs(a, b);
        const auto by_transform = detail::products_by_transform(a, b);
        REQUIRE(by_pairs.size() == n);
        REQUIRE(by_transform.size() == n);
        for (std::size_t l = 0; l < n; ++l) { CHECK(by_pairs[l] == doctest::Approx(by_transform[l]).epsilon(1e-9)); }
    }
}

TEST_CASE("correlate: a series shifted by three bins correlates fully at lag three") {
    const std::vector<hw::flow::ActivityBin> a{{1, 4, 0}, {5, 9, 0}, {11, 1, 0}};
    const std::vector<hw::flow::ActivityBin> b{{4, 4, 0}, {8, 9, 0}, {14, 1, 0}};
    const auto rho = circular_correlation(make_series(a, {0, 40})[0], make_series(b, {0, 40})[0]);
    CHECK(rho[3] == doctest::Approx(1));
    CHECK(rho[2] < 0.5);
}

TEST_CASE("correlate: a flat series has no correlation at all") {
    CHECK(circular_correlation(random_series(50, 0.5, 1), make_series({}, {0, 50})[0]).empty());
}
