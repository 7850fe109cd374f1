#include "trace/series.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw::trace;
using hw::flow::ActivityBin;
using hw::flow::Direction;

TEST_CASE("series: the relay's own packets are commands on an action flow and answers on a control flow") {
    CHECK(half_of(true, Role::action, Sense::commands) == Direction::request);
    CHECK(half_of(true, Role::action, Sense::answers) == Direction::reply);
    CHECK(half_of(false, Role::action, Sense::commands) == Direction::reply);
    CHECK(half_of(false, Role::control, Sense::commands) == Direction::request);
    CHECK(half_of(true, Role::control, Sense::commands) == Direction::reply);  // a reverse shell
    CHECK(half_of(true, Role::control, Sense::answers) == Direction::request);
}

TEST_CASE("series: bins merge exactly as the scale grows, and those outside the window are left out") {
    const std::vector<ActivityBin> bins{{9, 7, 0}, {10, 1, 0}, {11, 3, 0}, {13, 5, 0}, {26, 2, 0}};
    const auto series = make_series(bins, {10, 16});
    CHECK(series[0].index == std::vector<std::uint32_t>{0, 1, 3});
    CHECK(series[1].index == std::vector<std::uint32_t>{0, 1});
    CHECK(series[1].value[0] == doctest::Approx(2));  // √(1+3)
    CHECK(series[4].index == std::vector<std::uint32_t>{0});
    CHECK(series[4].value[0] == doctest::Approx(3));
}

TEST_CASE("series: mean and norm are those of the dense series") {
    const std::vector<ActivityBin> bins{{0, 4, 0}, {5, 9, 0}};
    const auto series = make_series(bins, {0, 10});
    CHECK(series[0].mean == doctest::Approx(0.5));
    CHECK(series[0].norm == doctest::Approx(std::sqrt(13 - 10 * 0.25)));
}

TEST_CASE("series: a flow that is equally busy throughout has no course to compare") {
    std::vector<ActivityBin> bins;
    for (int i = 0; i < 32; ++i) { bins.push_back({i, 4, 0}); }
    CHECK(make_series(bins, {0, 32})[0].norm == 0);
    CHECK(make_series({}, {0, 32})[0].norm == 0);
}
