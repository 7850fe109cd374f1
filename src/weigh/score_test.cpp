#include "weigh/score.hpp"

#include <cmath>
#include <random>

#include <doctest/doctest.h>

using namespace hw::weigh;

TEST_CASE("score: certainty that is right costs nothing, certainty that is wrong the most") {
    const std::vector<double> sure{1, 0, 0};
    CHECK(score(sure, 0).brier == doctest::Approx(0));
    CHECK(score(sure, 0).log_score == doctest::Approx(0));
    CHECK(score(sure, 1).brier == doctest::Approx(2));
    const std::vector<double> half{.5, .25, .25};
    CHECK(score(half, 0).brier == doctest::Approx(.25 + .0625 + .0625));
    CHECK(score(half, 0).log_score == doctest::Approx(std::log(2)));
}

TEST_CASE("score: on average nobody gains by saying otherwise than it is") {
    const std::vector<double> truth{.6, .3, .1};
    const auto expected = [&](const std::vector<double>& said) {
        Score sum;
        for (std::size_t h = 0; h < truth.size(); ++h) {
            sum.brier += truth[h] * score(said, h).brier;
            sum.log_score += truth[h] * score(said, h).log_score;
        }
        return sum;
    };
    const auto honest = expected(truth);
    for (const auto& said : {std::vector{.8, .15, .05}, std::vector{.4, .4, .2}, std::vector{.34, .33, .33}}) {
        CHECK(expected(said).brier > honest.brier);
        CHECK(expected(said).log_score > honest.log_score);
    }
}

TEST_CASE("calibrate: chances that come true as often as they say have no error") {
    std::vector<Said> all;
    for (int i = 0; i < 10; ++i) { all.push_back({.chance = .3, .came_true = i < 3}); }
    for (int i = 0; i < 5; ++i) { all.push_back({.chance = 1, .came_true = true}); }
    const auto told = calibrate(all);
    CHECK(told.ece == doctest::Approx(0));
    CHECK(told.bins[3].count == 10);
    CHECK(told.bins[9].came == 1);
    all.push_back({.chance = 1, .came_true = false});
    CHECK(calibrate(all).ece == doctest::Approx(1.0 / 16));
    CHECK(calibrate({}).ece == 0);
}
