#include "weigh/sampling_error.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hw::weigh;

TEST_CASE("what was counted whole has no sampling error") {
    const auto told = sampled_bytes(10, 9000, 1);
    CHECK(told.low == 9000);
    CHECK(told.value == 9000);
    CHECK(told.high == 9000);
}

TEST_CASE("one packet in many tells little, many tell well") {
    const auto one = sampled_bytes(1, 1000, 1000);
    CHECK(one.value == 1e6);
    CHECK(one.low >= 1000);
    CHECK(one.low < 0.3 * one.value);
    CHECK(one.high > 2.9e6);
    const auto many = sampled_bytes(10'000, 15'000'000, 1000);
    CHECK(many.value == 1.5e10);
    CHECK(many.low > 0.97 * many.value);
    CHECK(many.high < 1.03 * many.value);
    CHECK(sampled_bytes(0, 0, 1000).high > 0);
}

TEST_CASE("the truth lies within the bounds in 95 of 100 cases, large and small packets mixed") {
    std::mt19937_64 random(6);
    int within = 0;
    constexpr int kTrials = 1000;
    for (int trial = 0; trial < kTrials; ++trial) {
        double truth = 0;
        std::uint64_t packets = 0, bytes = 0;
        for (int packet = 0; packet < 20'000; ++packet) {
            const std::uint64_t size = random() % 3 == 0 ? 1500 : 52;
            truth += static_cast<double>(size);
            if (random() % 100 == 0) { ++packets; bytes += size; }
        }
        const auto told = sampled_bytes(packets, bytes, 100);
        within += told.low <= truth && truth <= told.high ? 1 : 0;
    }
    CHECK(within >= 930);  // 950, less three standard deviations of the count
}
