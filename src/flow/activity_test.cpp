#include "flow/activity.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hw;
using namespace hw::flow;

namespace {
Time ms(std::int64_t v) { return Time::from_micros(v * 1000); }
}  // namespace

TEST_CASE("activity: what is packed comes out as it went in") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<ActivityBin> halves[2];
        for (auto& half : halves) {
            std::int64_t index = static_cast<std::int64_t>(random() % 1'000'000) - 500'000;
            for (std::uint64_t i = random() % 50; i > 0; --i) {
                const bool run = random() % 2 == 0 && !half.empty();
                index += run ? 1 : 1 + static_cast<std::int64_t>(random() % 1000);
                half.push_back({index, run ? half.back().packets : 1 + static_cast<std::uint32_t>(random() % 5),
                                run ? half.back().bytes : random() >> (random() % 64)});
            }
        }
        const Activity activity = Activity::from_bins(halves[0], halves[1]);
        CHECK(activity.bins(Direction::request) == halves[0]);
        CHECK(activity.bins(Direction::reply) == halves[1]);
        CHECK(activity.empty() == (halves[0].empty() && halves[1].empty()));
    }
}

TEST_CASE("activity: an hour of one packet a bin takes a few bytes") {
    std::vector<ActivityBin> bins;
    for (std::int64_t i = 0; i < 14'400; ++i) { bins.push_back({i + 5'667'000'000, 1, 100}); }
    CHECK(Activity::from_bins(bins, {}).footprint() < 32);
    CHECK(Activity::from_bins(bins, {}).bins(Direction::request) == bins);
}

TEST_CASE("activity: the builder bins by absolute time, each direction for itself") {
    ActivityBuilder builder;
    builder.add(Direction::request, ms(249), 10);
    builder.add(Direction::request, ms(250), 20);
    builder.add(Direction::reply, ms(100), 5);
    builder.add(Direction::request, ms(499), 30);
    builder.add(Direction::request, ms(1000), 0);
    const Activity activity = builder.finish();
    CHECK(activity.bins(Direction::request) == std::vector<ActivityBin>{{0, 1, 10}, {1, 2, 50}, {4, 1, 0}});
    CHECK(activity.bins(Direction::reply) == std::vector<ActivityBin>{{0, 1, 5}});
    CHECK(builder.finish().empty());
}

TEST_CASE("activity: a packet out of time order counts in the current bin") {
    ActivityBuilder builder;
    builder.add(Direction::request, ms(1000), 1);
    builder.add(Direction::request, ms(10), 2);
    CHECK(builder.finish().bins(Direction::request) == std::vector<ActivityBin>{{4, 2, 3}});
}

TEST_CASE("activity: bins before the epoch are floored, not cut") {
    CHECK(bin_index(Time::from_micros(-1), kActivityBinWidth) == -1);
    CHECK(bin_index(Time::from_micros(-250'000), kActivityBinWidth) == -1);
    CHECK(bin_index(Time::from_micros(-250'001), kActivityBinWidth) == -2);
    CHECK(bin_index(Time::from_micros(0), kActivityBinWidth) == 0);
}

TEST_CASE("activity: stored bytes come back as they were") {
    const std::vector<ActivityBin> request{{4, 2, 3}, {5, 2, 3}, {6, 2, 3}, {90, 1, 0}};
    const std::vector<ActivityBin> reply{{-7, 1, 1}};
    const Activity activity = Activity::from_bins(request, reply);
    CHECK(Activity::from_stored(activity.packed(Direction::request), activity.packed(Direction::reply), activity.width()) == activity);
    CHECK(Activity::from_stored("", "", kActivityBinWidth) == Activity());
}

TEST_CASE("activity: stored bytes that are not what was packed are refused, however many bins they announce") {
    using namespace std::string_view_literals;
    CHECK_FALSE(Activity::from_stored("\x02"sv, "", kActivityBinWidth));                                        // cut
    CHECK_FALSE(Activity::from_stored("\x03"sv, "", kActivityBinWidth));                                        // a run of nothing
    CHECK_FALSE(Activity::from_stored("\x02\x00\x00"sv, "", kActivityBinWidth));                                // a bin without a packet
    CHECK_FALSE(Activity::from_stored("\x00\x01\x01"sv, "", kActivityBinWidth));                                // a gap of nothing
    CHECK_FALSE(Activity::from_stored("\x02\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv, "", kActivityBinWidth));  // 2^63 bins
    CHECK_FALSE(Activity::from_stored("\x02\x01\x01"sv, "", Duration(0)));
}
