#include "trace/calibration.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;

TEST_CASE("calibration: what comes close to a perfect copy weighs nearly all of its rarity") {
    CHECK(weight_of(-50, -60).value() > 150);
}

TEST_CASE("calibration: a rare score that a true partner would have far exceeded weighs little") {
    CHECK(weight_of(std::log(1e-5), -200).value() < 25);  // the p alone would be worth 50
    CHECK(weight_of(std::log(0.3), -200).value() < -10);
}

TEST_CASE("calibration: a flow that cannot stand out against itself decides nothing") {
    CHECK(std::abs(weight_of(0, 0).value()) < 10);
    CHECK(std::abs(weight_of(std::log(0.5), std::log(0.5)).value()) < 10);
}

TEST_CASE("calibration: under the null the likelihood ratio is 1 on average, so no wrong pair gains by the mere number of pairs") {
    // E[LR | unrelated] = ∫ e^{-x} · e^{x} f(x/X)/X dx = 1 over the range in which x/X is not clamped.
    const double most = 80;
    double mean = 0;
    const double step = 0.01;
    for (double x = 0.005 * most; x < 0.995 * most; x += step) { mean += std::exp(-x) * weight_of(-x, -most).ratio() * step; }
    CHECK(mean == doctest::Approx(1).epsilon(0.02));
}
