#include "trace/calibration.hpp"

#include <cmath>
#include <doctest/doctest.h>
#include <initializer_list>
#include <numbers>

using namespace hw;
using namespace hw::trace;

namespace {
double log_normal_density(double z) { return -0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi); }
Decibans weigh(double z, double z_self) { return weight_of(z, z_self, log_normal_density(z)); }
}  // namespace

TEST_CASE("calibration: what comes close to a perfect copy weighs nearly all of its rarity") { CHECK(weigh(15, 18).value() > 400); }

TEST_CASE("calibration: a rare score that a true partner would have far exceeded weighs little") {
    CHECK(weigh(4, 100).value() < 15);  // p is 3e-5, worth 45 dB by itself
    CHECK(weigh(1, 100).value() < -10);
}

TEST_CASE("calibration: a flow that cannot stand out against itself decides nothing") {
    CHECK(std::abs(weigh(0, 0).value()) < 15);
    CHECK(std::abs(weigh(1, 1).value()) < 15);
}

TEST_CASE("calibration: under the null the likelihood ratio is at most 1 on average, so no wrong pair gains by the number of pairs") {
    for (const double z_self : {8.0, 30.0, 100.0}) {
        double mean = 0;
        const double step = 0.01;
        for (double z = 0; z < z_self; z += step) { mean += std::exp(log_normal_density(z) + weigh(z, z_self).value() * std::numbers::ln10 / 10) * step; }
        CHECK(mean < 1.02);
    }
}
