#include "route/watch/target_watch.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route;

namespace {

Time at(double minutes) { return Time::from_micros(1'419'264'900'000'000 + static_cast<std::int64_t>(minutes * 6e7)); }

TargetWatch::Look look(std::size_t known, std::size_t down, Time since) {
    return {.known = known, .down = down, .missed = down, .share = 1, .observed = true, .addresses_down = 0, .addresses = 0, .turns = std::vector<Time>(down, since), .last_return = {}};
}

}  // namespace

TEST_CASE("binomial tail: exact where it can be reckoned by hand, and never above 1") {
    CHECK(binomial_at_least(0, 4, 0.5) == 1);
    CHECK(binomial_at_least(4, 4, 0.5) == doctest::Approx(1.0 / 16));
    CHECK(binomial_at_least(3, 4, 0.5) == doctest::Approx(5.0 / 16));
    CHECK(binomial_at_least(5, 4, 0.5) == 0);
    CHECK(binomial_at_least(1, 50'000, 1e-3) == doctest::Approx(1));
    CHECK(binomial_at_least(100, 50'000, 1e-3) == doctest::Approx(1.94e-10).epsilon(0.5));
    CHECK(binomial_at_least(2, 3, 1) == 1);
}

TEST_CASE("target watch: three in a hundred of five thousand prefixes are an outage though they are few") {
    TargetWatch watch;
    std::vector<TargetWatch::News> news;
    for (int m = 0; m < 600; ++m) { watch.judge(look(5000, 5, at(0)), at(m), news); }
    CHECK(news.empty());
    watch.judge(look(5000, 150, at(600)), at(601), news);
    REQUIRE(news.size() == 1);
    CHECK(news[0].kind == TargetWatch::News::Kind::outage_began);
    CHECK(watch.outage()->start == at(600));
}

TEST_CASE("target watch: what is usually gone is no outage") {
    TargetWatch watch;
    std::vector<TargetWatch::News> news;
    for (int m = 0; m < 6000; ++m) { watch.judge(look(5000, static_cast<std::size_t>(m / 60), at(0)), at(m), news); }  // one more an hour, over four days
    CHECK(news.empty());
    watch.judge(look(5000, 105, at(0)), at(6001), news);
    CHECK(news.empty());
}

TEST_CASE("target watch: it ends when less than half of its depth is left for a minute") {
    TargetWatch watch;
    std::vector<TargetWatch::News> news;
    watch.judge(look(4, 4, at(10)), at(12), news);
    watch.judge(look(4, 2, at(10)), at(20), news);
    CHECK(news.size() == 1);
    watch.judge(look(4, 1, at(10)), at(21), news);
    watch.judge(look(4, 1, at(10)), at(22.5), news);
    REQUIRE(news.size() == 2);
    CHECK(news[1].kind == TargetWatch::News::Kind::outage_ended);
    CHECK(*watch.outage()->end == at(21));
}
