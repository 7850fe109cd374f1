#include "trace/pair_null.hpp"

#include "trace/test_traffic.hpp"

#include <cmath>
#include <doctest/doctest.h>
#include <random>
#include <set>

using namespace hw;
using namespace hw::trace;

namespace {

PairTotal scored(float z, std::uint8_t windows = 1, std::uint16_t shared_s = 200) {
    PairTotal total;
    total.z = z;
    total.windows = windows;
    total.shared_s = shared_s;
    return total;
}

}  // namespace

TEST_CASE("pair null: p is the higher of that among wrong pairs and that among turned ones") {
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal;
    std::vector<PairRef> pairs;
    std::vector<PairTotal> totals;
    for (std::uint32_t i = 0; i < 4000; ++i) {
        pairs.push_back({i, i, i % 2 == 0 ? 0U : 500U});
        totals.push_back(scored(normal(random) + (i % 2 == 0 ? 0.F : 2.F)));  // turned pairs score higher: a beacon
    }
    const PairNull null(pairs, totals, std::vector<bool>(pairs.size()));
    CHECK(null.samples() == 4000);
    CHECK(std::exp(null.log_p(scored(2))) == doctest::Approx(0.5).epsilon(0.1));
    CHECK(std::exp(null.log_p(scored(4.3263F))) == doctest::Approx(0.01).epsilon(0.5));
    CHECK(null.log_p(PairTotal{}) == 0);
}

TEST_CASE("pair null: wrong pairs that do score as high are counted, those that are claimed are not") {
    std::mt19937_64 random(2);
    std::normal_distribution<float> normal;
    std::vector<PairRef> pairs;
    std::vector<PairTotal> totals;
    std::vector<bool> claimed;
    for (std::uint32_t i = 0; i < 2000; ++i) {
        const bool turned = i >= 1000;
        claimed.push_back(!turned && i % 50 == 0);
        pairs.push_back({i, i, turned ? 400U : 0U});
        totals.push_back(scored(claimed.back() ? 40.F : normal(random)));
    }
    CHECK(PairNull(pairs, totals, claimed).log_p(scored(20)) < std::log(1e-5));
    CHECK(std::exp(PairNull(pairs, totals, std::vector<bool>(pairs.size())).log_p(scored(20))) == doctest::Approx(0.019));
}

TEST_CASE("pair null: where wrong pairs are more alike than turned ones, likeness means less") {
    std::mt19937_64 random(4);
    std::normal_distribution<float> normal;
    std::vector<PairRef> pairs;
    std::vector<PairTotal> totals;
    for (std::uint32_t i = 0; i < 4000; ++i) {
        pairs.push_back({i, i, i % 2 == 0 ? 0U : 500U});
        totals.push_back(scored(normal(random) * (i % 2 == 0 ? 2.F : 1.F)));
    }
    const PairNull null(pairs, totals, std::vector<bool>(pairs.size()));
    const double five = std::log(2.9e-7);  // so many standard deviations; the fitted tail is exponential, hence higher
    CHECK(null.log_p(scored(10)) >= five);
    CHECK(null.log_p(scored(10)) < five + 5);
}

TEST_CASE("pair null: a class of its own counts where it has enough samples") {
    std::vector<PairRef> pairs;
    std::vector<PairTotal> totals;
    std::mt19937_64 random(3);
    std::normal_distribution<float> normal;
    for (std::uint32_t i = 0; i < 1200; ++i) {
        const bool brief = i % 3 == 0;
        pairs.push_back({i, i, i % 2 == 0 ? 0U : 300U});
        totals.push_back(scored(normal(random) * (brief ? 3.F : 1.F), 1, brief ? 30 : 200));
    }
    const PairNull null(pairs, totals, std::vector<bool>(pairs.size()));
    CHECK(null.log_p(scored(5, 1, 30)) > null.log_p(scored(5, 1, 200)) + 2);
    CHECK(null.log_p(scored(5, 8, 1200)) > null.log_p(scored(5, 1, 200)));  // none like it: all together
}

TEST_CASE("pair null: wrong pairs are drawn once each, live together, and the same seed draws the same") {
    std::vector<flow::Flow> flows;
    for (std::uint16_t i = 0; i < 40; ++i) {
        flows.push_back(test::make_flow("x", 0, 1, static_cast<std::uint16_t>(100 + i), 9, 22, test::typed_session(i, 100.0 * (i % 2), 90)));
    }
    PairSide a;
    PairSide b;
    for (std::size_t i = 0; i < flows.size(); ++i) { (i % 4 < 2 ? a : b).courses.push_back({&flows[i], Duration(0)}); }
    const PairGrid grid = make_grid(a, b, {}, {1200, 24});
    const auto drawn = draw_wrong_pairs(a, b, {}, grid, 150, 7);
    CHECK(drawn == draw_wrong_pairs(a, b, {}, grid, 150, 7));
    std::set<PairRef> straight;
    for (const PairRef& pair : drawn) {
        CHECK(pair.a % 2 == pair.b % 2);
        if (pair.rotated == 0) { CHECK(straight.insert(pair).second); }
        else {
            CHECK(pair.rotated >= 250);
            CHECK(pair.rotated <= 750);
        }
    }
    CHECK(straight.size() > 100);
    CHECK(drawn.size() - straight.size() >= 140);
    CHECK(draw_wrong_pairs({}, b, {}, {}, 100, 1).empty());
}
