#include "trace/activity_match.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <numeric>

using namespace hw::trace;
using namespace hw::trace::test;

namespace {
Course course(const Packets& p, const Window& w) { return {make_series(to_bins(p.request), w), make_series(to_bins(p.reply), w)}; }
const Window kFiveMinutes{at_s(0).micros() / 250'000, 1240};
constexpr hw::Duration kMaxLag = std::chrono::seconds(6);
double best(const FeatureScores& s) { return *std::ranges::max_element(s); }
}  // namespace

TEST_CASE("activity: a relayed session scores far above every shift of itself") {
    const auto in = typed_session(1, 2, 290);
    const auto match = match_courses(course(in, kFiveMinutes), course(relayed(in, 2, 0.1, 0.05), kFiveMinutes), kMaxLag);
    REQUIRE(match.shifted.size() > 50);
    for (std::size_t f = 0; f < kScales.size(); ++f) {
        for (const auto& shifted : match.shifted) { CHECK(match.score[f] > shifted[f]); }
    }
}

TEST_CASE("activity: an unrelated session scores like its own shifts") {
    const auto match = match_courses(course(typed_session(3, 2, 290), kFiveMinutes), course(typed_session(4, 70, 220), kFiveMinutes), kMaxLag);
    std::size_t higher = 0;
    for (const auto& shifted : match.shifted) { higher += shifted[2] > match.score[2] ? 1U : 0U; }
    CHECK(higher > match.shifted.size() / 20);
}

TEST_CASE("activity: the lags found are those the relay caused, each in its own direction") {
    const auto in = typed_session(5, 4, 280);
    auto out = in;
    for (auto& t : out.request) { t += 2.0; }
    for (auto& t : out.reply) { t -= 1.0; }
    const auto match = match_courses(course(in, kFiveMinutes), course(out, kFiveMinutes), kMaxLag);
    CHECK(match.lag_commands[0] == std::chrono::milliseconds(2000));
    CHECK(match.lag_answers[0] == std::chrono::milliseconds(1000));
}

TEST_CASE("activity: what leaves before it came in is no relay") {
    const auto in = typed_session(6, 10, 280);
    auto early = in;
    for (auto& t : early.request) { t -= 3.0; }
    for (auto& t : early.reply) { t += 3.0; }
    const auto right = match_courses(course(in, kFiveMinutes), course(in, kFiveMinutes), kMaxLag);
    const auto wrong = match_courses(course(in, kFiveMinutes), course(early, kFiveMinutes), kMaxLag);
    CHECK(best(wrong.score) < 0.5 * best(right.score));
}

TEST_CASE("activity: silence matches nothing") {
    const auto match = match_courses(course({}, kFiveMinutes), course(typed_session(7, 2, 200), kFiveMinutes), kMaxLag);
    CHECK(best(match.score) == 0);
}
