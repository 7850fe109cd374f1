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

namespace {
/// n excesses of a generalised Pareto law at plotting positions: its quantiles, without chance.
std::vector<double> pareto_quantiles(double shape, double scale, std::size_t n) {
    std::vector<double> y;
    for (std::size_t i = 0; i < n; ++i) {
        const double beyond = 1 - (static_cast<double>(i) + 0.5) / static_cast<double>(n);
        y.push_back(shape == 0 ? -scale * std::log(beyond) : scale * (std::pow(beyond, -shape) - 1) / shape);
    }
    return y;
}
}  // namespace

TEST_CASE("tail: the law of Pareto excesses is found again, and with it quantiles far beyond the sample") {
    for (const auto& [shape, scale] : {std::pair(0.0, 1.3), {0.1, 0.7}, {0.3, 2.0}}) {
        const auto tail = hw::trace::fit_pareto_tail(pareto_quantiles(shape, scale, 2000));
        CHECK(tail.shape == doctest::Approx(shape).epsilon(0.05).scale(1));
        CHECK(tail.scale == doctest::Approx(scale).epsilon(0.05));
        const double far = shape == 0 ? scale * std::log(1e5) : scale * (std::pow(1e5, shape) - 1) / shape;
        CHECK(tail.log_beyond(far) == doctest::Approx(std::log(1e-5)).epsilon(0.06));
    }
}

TEST_CASE("tail: a bounded law is taken for an exponential one of the same mean, which errs towards common") {
    const auto tail = hw::trace::fit_pareto_tail(pareto_quantiles(-0.4, 1, 2000));
    CHECK(tail.shape == 0);
    CHECK(tail.log_beyond(2.4) > std::log(1e-6));
}
