#include "trace/tail.hpp"

#include <cmath>
#include <doctest/doctest.h>
#include <random>

using hw::trace::NullTail;

namespace {
std::vector<double> normal_sample(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> sample(n);
    for (auto& x : sample) { x = normal(random); }
    return sample;
}
}  // namespace

TEST_CASE("tail: a score in the middle of the null has a p near one half") {
    const NullTail tail(normal_sample(4000, 1));
    CHECK(std::exp(tail.log_p(0)) == doctest::Approx(0.5).epsilon(0.05));
}

TEST_CASE("tail: nominal and realised chances agree within a factor of two where a fresh sample resolves them") {
    const NullTail tail(normal_sample(4000, 2));
    const auto fresh = normal_sample(400'000, 3);
    for (const double nominal : {1e-2, 1e-3}) {
        std::size_t hits = 0;
        for (const double z : fresh) { hits += tail.log_p(z) <= std::log(nominal) ? 1U : 0U; }
        const double realised = static_cast<double>(hits) / static_cast<double>(fresh.size());
        CHECK(realised < 2 * nominal);
        CHECK(realised > nominal / 2.5);
    }
}

TEST_CASE("tail: beyond the sample it errs towards common, for a bounded tail is never assumed") {
    const NullTail tail(normal_sample(2000, 4));
    CHECK(std::exp(tail.log_p(5)) > 0.5 * std::erfc(5 / std::sqrt(2.0)));
    CHECK(tail.shape() >= 0);
}

TEST_CASE("tail: a higher score is never more common") {
    const NullTail tail(normal_sample(500, 5));
    double last = 1;
    for (double z = -4; z < 40; z += 0.05) {
        const double p = std::exp(tail.log_p(z));
        CHECK(p <= last + 1e-12);
        last = p;
    }
}

TEST_CASE("tail: with too small a null it falls back on a standard normal") {
    const NullTail tail({0.1, 0.2});
    CHECK(std::exp(tail.log_p(1.959964)) == doctest::Approx(0.025).epsilon(1e-3));
    CHECK(tail.log_p(100) < -4000);
}

TEST_CASE("tail: a null without any spread does not divide by zero") {
    const NullTail tail(std::vector<double>(100, 1.0));
    CHECK(tail.log_p(0.5) == doctest::Approx(0).epsilon(1e-9));
    CHECK(std::isfinite(tail.log_p(2)));
}

TEST_CASE("tail: the density is that of the null in its middle, and integrates to the tail's share beyond the threshold") {
    const NullTail tail(normal_sample(20'000, 6));
    CHECK(std::exp(tail.log_density(0)) == doctest::Approx(0.383).epsilon(0.05));  // Φ(½) − Φ(−½)
    double beyond = 0;
    for (double z = 2.005; z < 30; z += 0.01) { beyond += std::exp(tail.log_density(z)) * 0.01; }
    CHECK(beyond == doctest::Approx(std::exp(tail.log_p(2.0))).epsilon(0.02));
}
