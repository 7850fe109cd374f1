#include "app/output/time_axis.hpp"

#include <doctest/doctest.h>

using namespace hw::app::output;
using hw::Time;
using namespace std::chrono_literals;

TEST_CASE("time axis: a moment outside the span lies at its edge, and an empty span is no division by zero") {
    const Time start = Time::from_micros(0);
    const TimeAxis axis{{start, start + 10s}, 100, 200};
    CHECK(axis.x(start + 5s) == 150);
    CHECK(axis.x(start - 5s) == 100);
    CHECK(axis.x(start + 50s) == 200);
    CHECK(TimeAxis{{start, start}, 100, 200}.x(start) == 100);
}

TEST_CASE("time axis: ticks are round moments within the span, and never too many") {
    const Time start = Time::from_micros(1'416'823'203'120'000);  // 10:00:03.12
    const auto few = ticks({start, start + 250s}, 8);
    CHECK(few.size() <= 9);
    CHECK(few.front().label == "10:00:30");
    CHECK(ticks({start, start + 2h}, 8).front().label == "10:15");
    CHECK(ticks({start, start + 24h * 40}, 8).front().label.size() == 10);
    CHECK(ticks({start, start + 24h * 4000}, 8).size() <= 9);
}
