#include "route/watch/rate_cusum.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route;

namespace {

Time at(double hours) { return Time::from_micros(1'419'264'900'000'000 + static_cast<std::int64_t>(hours * 3.6e9)); }

}  // namespace

TEST_CASE("rate cusum: four in half an hour raise an alarm, dated to the first; silence ends it at the last") {
    RateCusum rate;
    rate.happened(at(0));
    CHECK(rate.usual_a_day() == doctest::Approx(3));
    CHECK_FALSE(rate.happened(at(100.0)));
    CHECK_FALSE(rate.happened(at(100.1)));
    CHECK_FALSE(rate.happened(at(100.2)));
    CHECK(rate.happened(at(100.3)));
    CHECK(rate.onset() == at(100));
    CHECK(rate.count() == 4);
    CHECK_FALSE(rate.advance(at(101.2)));
    CHECK(rate.advance(at(102)));
    CHECK(rate.last() == at(100.3));
}

TEST_CASE("rate cusum: what happens evenly a few times a day raises none, and what is usual is learnt") {
    RateCusum rate;
    for (int i = 0; i < 2000; ++i) { CHECK_FALSE(rate.happened(at(8.0 * i))); }
    CHECK(rate.usual_a_day() == doctest::Approx(3).epsilon(0.1));
}

TEST_CASE("rate cusum: times out of order do no harm") {
    RateCusum rate;
    rate.happened(at(10));
    rate.happened(at(5));
    rate.advance(at(1));
    CHECK_FALSE(rate.alarmed());
}
