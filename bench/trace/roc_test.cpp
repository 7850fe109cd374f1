#include "roc.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hw::bench;

TEST_CASE("wilson: the interval of 10 of 20 is that of the literature, and none or all end at 0 and 1") {
    const Share half = wilson(10, 20);
    CHECK(half.value == doctest::Approx(0.5));
    CHECK(half.low == doctest::Approx(0.2993).epsilon(0.001));
    CHECK(half.high == doctest::Approx(0.7007).epsilon(0.001));
    CHECK(wilson(0, 10).low == 0);
    CHECK(wilson(0, 10).high == doctest::Approx(0.2775).epsilon(0.001));
    CHECK(wilson(10, 10).high == 1);
    CHECK(wilson(0, 0).high == 1);
}

TEST_CASE("roc: a threshold lets at most the asked share of negatives through") {
    std::vector<double> negatives;
    for (int k = 0; k < 1000; ++k) { negatives.push_back(k); }
    const Roc roc({1500, 999.5, 995, 500}, negatives);
    CHECK(roc.at(1e-2).false_positives == 10);
    CHECK(roc.at(1e-2).hits == 3);
    CHECK(roc.at(1e-2).resolution == Resolution::good);
    CHECK(roc.at(1e-3).false_positives == 1);
    CHECK(roc.at(1e-3).hits == 2);
    CHECK(roc.at(1e-3).resolution == Resolution::thin);
    CHECK(roc.at(1e-4).false_positives == 0);
    CHECK(roc.at(1e-4).hits == 2);
    CHECK(roc.at(1e-4).resolution == Resolution::none);
    CHECK(roc.at(1).hits == 4);
}

TEST_CASE("roc: equal scores gain nothing") {
    const Roc roc({1, 1, 1}, {1, 1, 1, 1, 0, 0, 0, 0, 0, 0});
    CHECK(roc.at(0.1).hits == 0);
    CHECK(roc.at(0.1).false_positives == 0);
    CHECK(roc.at(0.4).hits == 3);
}

TEST_CASE("roc: a score that is no number ranks last") {
    const Roc roc({std::numeric_limits<double>::quiet_NaN(), 2}, {1, 0});
    CHECK(roc.at(0.5).hits == 1);
}

TEST_CASE("roc: a fixed threshold includes what equals it") {
    const Roc roc({0.3, 0.2}, {0.3, 0.1, 0.0, 0.0});
    const auto fixed = roc.at_threshold(0.3);
    CHECK(fixed.true_rate.value == doctest::Approx(0.5));
    CHECK(fixed.false_rate.value == doctest::Approx(0.25));
}

TEST_CASE("roc: the curve rises from strict to lenient and ends where everything passes") {
    const Roc roc({3, 2, 0.5}, {2.5, 1, 0, 0});
    const auto steps = roc.steps();
    REQUIRE(!steps.empty());
    CHECK(steps.front().true_rate == doctest::Approx(1.0 / 3));
    CHECK(steps.back().true_rate == doctest::Approx(1));
    CHECK(steps.back().false_rate == doctest::Approx(1));
    for (std::size_t k = 1; k < steps.size(); ++k) {
        CHECK(steps[k].false_rate >= steps[k - 1].false_rate);
        CHECK(steps[k].true_rate >= steps[k - 1].true_rate);
    }
}
