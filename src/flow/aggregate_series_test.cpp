#include "flow/aggregate.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hw;
using namespace hw::flow;

namespace {

Time second(double s) { return Time::from_micros(static_cast<std::int64_t>(s * 1e6)); }

Flow flow_of(double first, double last, std::uint64_t packets, std::uint64_t bytes) {
    Flow f;
    f.first = second(first);
    f.last = second(last);
    f.request = {packets, bytes};
    f.reply = {packets / 2, bytes / 3};
    return f;
}

std::vector<SeriesStep> series(const std::vector<Flow>& flows, Interval span, Duration width = std::chrono::seconds(10)) {
    auto made = FlowSeries::make(span, width).value();
    for (const Flow& f : flows) { made.add(f); }
    return made.take();
}

}  // namespace

TEST_CASE("series: steps begin at whole multiples of their width, and empty ones are there too") {
    const auto steps = series({flow_of(13, 13, 5, 500), flow_of(47, 47, 1, 60)}, {second(13), second(47)});
    REQUIRE(steps.size() == 4);
    CHECK(steps[0].begin == second(10));
    CHECK(steps[0].request_bytes == 500);
    CHECK(steps[1] == SeriesStep{.begin = second(20)});
    CHECK(steps[3].request_packets == 1);
    CHECK(steps[3].started == 1);
}

TEST_CASE("series: totals alone are spread evenly over the lifetime, and none is lost or made") {
    const auto even = series({flow_of(5, 35, 30, 3000)}, {second(0), second(39)});
    REQUIRE(even.size() == 4);
    CHECK(even[0].request_bytes == 500);
    CHECK(even[1].request_bytes == 1000);
    CHECK(even[2].request_bytes == 1000);
    CHECK(even[3].request_bytes == 500);
    CHECK(even[2].alive == 1);
    CHECK(even[2].started == 0);

    std::mt19937_64 random(5);
    for (int round = 0; round < 300; ++round) {
        const double first = static_cast<double>(random() % 1000);
        const auto f = flow_of(first, first + static_cast<double>(random() % 700), random() % 1000, random());
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
        for (const auto& step : series({f}, {second(0), second(2000)})) {
            packets += step.request_packets;
            bytes += step.request_bytes;
        }
        CHECK(packets == f.request.packets);
        CHECK(bytes == f.request.bytes);
    }
}

TEST_CASE("series: many flows together give what each alone gives, in a window that cuts them") {
    std::mt19937_64 random(6);
    std::vector<Flow> flows;
    for (int i = 0; i < 200; ++i) {
        const double first = static_cast<double>(random() % 600);
        flows.push_back(flow_of(first, first + static_cast<double>(random() % 300), random() % 50, random() % 100'000));
    }
    const Interval window{second(123), second(487)};
    const auto together = series(flows, window);
    std::vector<SeriesStep> sum = series({}, window);
    for (const Flow& f : flows) {
        const auto alone = series({f}, window);
        for (std::size_t i = 0; i < sum.size(); ++i) {
            sum[i].started += alone[i].started;
            sum[i].alive += alone[i].alive;
            sum[i].request_packets += alone[i].request_packets;
            sum[i].reply_packets += alone[i].reply_packets;
            sum[i].request_bytes += alone[i].request_bytes;
            sum[i].reply_bytes += alone[i].reply_bytes;
            CHECK(alone[i].request_bytes <= f.request.bytes);
        }
    }
    CHECK(together == sum);
}

TEST_CASE("series: where packets were seen their course decides, not the lifetime") {
    Flow f = flow_of(0, 100, 40, 4000);
    f.reply = {};
    const std::vector<ActivityBin> bins{{4, 10, 1000}, {380, 30, 3000}};  // at 1 s and at 95 s
    f.activity = Activity::from_bins(bins, {});
    const auto steps = series({f}, {second(0), second(100)});
    CHECK(steps[0].request_bytes == 1000);
    CHECK(steps[0].request_packets == 10);
    CHECK(steps[9].request_bytes == 3000);
    CHECK(steps[4].request_bytes == 0);
    CHECK(steps[4].alive == 1);
}

TEST_CASE("series: too many steps are an error that says what to change, not an allocation") {
    const auto made = FlowSeries::make({second(0), second(1e9)}, std::chrono::milliseconds(1));
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().hint.find("wider") != std::string::npos);
}
