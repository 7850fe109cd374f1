#include "trace/epoch.hpp"

#include "trace/dot_kernel.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using flow::ActivityBin;
using flow::Direction;

namespace {

Time at_ms(std::int64_t ms) { return Time::from_micros(ms * 1000); }
/// Alive from well before any window of these tests until well after.
const Interval kAlways{at_ms(-100'000), at_ms(10'000'000)};

std::vector<int> values_of(const Epoch& epoch, Direction direction, std::size_t scale) {
    const auto lane = epoch.lane(direction, scale);
    return {lane.values, lane.values + lane.terms};
}

}  // namespace

TEST_CASE("epoch: values are the roots less their mean, scaled to bytes, and zero past the end") {
    const std::vector<ActivityBin> request{{100, 4, 0}, {103, 16, 0}};
    const auto epoch = Epoch::make(request, {}, kAlways, 100, {16, 4});
    const auto values = values_of(epoch, Direction::request, 0);
    REQUIRE(values.size() == kDotBlock);
    const double mean = 6.0 / 16;
    const double unit = 127 / (4 - mean);
    CHECK(values[0] == std::lround((2 - mean) * unit));
    CHECK(values[1] == std::lround(-mean * unit));
    CHECK(values[3] == 127);
    CHECK(values[15] == values[1]);
    CHECK(values[16] == 0);
    double squares = 0;
    for (const int v : values) { squares += v * v; }
    CHECK(epoch.lane(Direction::request, 0).inverse_norm == doctest::Approx(1 / std::sqrt(squares)));
    CHECK(epoch.lane(Direction::reply, 0).inverse_norm == 0);  // silent: nothing to compare
    CHECK(epoch.packets() == 20);
    CHECK(epoch.active_bins() == 2);
}

TEST_CASE("epoch: every view sums its boxes exactly, also where the number of bins is odd") {
    std::vector<ActivityBin> request;
    for (int k = 0; k < 37; k += 3) { request.push_back({k, static_cast<std::uint32_t>(1 + k), static_cast<std::uint64_t>(40 * k)}); }
    const auto epoch = Epoch::make(request, {}, kAlways, 0, {37, 0});
    for (std::size_t view = 0; view < kViews.size(); ++view) {
        const auto& [width, stride, bytes] = kViews[view];
        std::vector<double> sums;
        for (std::int64_t k = 0; k + width <= 37; k += stride) {  // a box that the window ends in is left out
            double sum = 0;
            for (const auto& bin : request) {
                if (bin.index >= k && bin.index < k + width) { sum += bytes ? static_cast<double>(bin.bytes) / 50 : bin.packets; }
            }
            sums.push_back(bytes ? std::log1p(sum) : std::sqrt(sum));
        }
        double mean = 0;
        double most = 0;
        for (const double s : sums) { mean += s / static_cast<double>(sums.size()); }
        for (const double s : sums) { most = std::max(most, std::abs(s - mean)); }
        const auto values = values_of(epoch, Direction::request, view);
        for (std::size_t k = 0; k < sums.size(); ++k) { CHECK(std::abs(values[k] - (sums[k] - mean) * 127 / most) < 0.51); }
        CHECK(values[sums.size()] == 0);
    }
}

TEST_CASE("epoch: a lane remembers how like itself it is later, each stride by its taper") {
    std::vector<ActivityBin> request;
    for (int k = 0; k < 400; k += 2) { request.push_back({k, 4, 0}); }  // on, off, on, off
    const auto epoch = Epoch::make(request, {}, kAlways, 0, {400, 24});
    const auto lane = epoch.lane(Direction::request, 0);
    CHECK(lane.memory[0] == doctest::Approx(-std::sqrt(2 * (1 - 1.0 / 32))).epsilon(0.01));
    CHECK(lane.memory[1] == doctest::Approx(std::sqrt(2 * (1 - 2.0 / 32))).epsilon(0.01));
}

TEST_CASE("epoch: outside a flow's life there is nothing, less two seconds at its start and one at its end") {
    std::vector<ActivityBin> request;
    for (int k = 0; k < 400; ++k) { request.push_back({k, static_cast<std::uint32_t>(1 + k % 5), 0}); }
    const auto epoch = Epoch::make(request, {}, {at_ms(10'000), at_ms(60'000)}, 0, {400, 24});
    CHECK(epoch.life() == Life{48, 237});
    const auto values = values_of(epoch, Direction::request, 0);
    CHECK(values[47] == 0);
    CHECK(values[48] != 0);
    CHECK(values[236] != 0);
    CHECK(values[237] == 0);
}

TEST_CASE("epoch: as many zeros as lags lie on either side of every lane") {
    std::vector<ActivityBin> busy;
    for (int k = 0; k < 64; ++k) { busy.push_back({k, static_cast<std::uint32_t>(1 + k % 7), static_cast<std::uint64_t>(100 * k)}); }
    const auto epoch = Epoch::make(busy, busy, kAlways, 0, {64, 32});
    for (const auto direction : {Direction::request, Direction::reply}) {
        for (std::size_t scale = 0; scale < kViews.size(); ++scale) {
            const auto lane = epoch.lane(direction, scale);
            CHECK(lane.values[0] != 0);
            for (std::size_t l = 0; l < epoch.lags(scale); ++l) {
                CHECK(lane.values[-1 - static_cast<std::ptrdiff_t>(l)] == 0);
                CHECK(lane.values[lane.terms + l] == 0);
            }
        }
    }
}

TEST_CASE("epoch: hostile counts and shapes neither overflow nor allocate beyond the caps") {
    const std::vector<ActivityBin> huge{{-5, ~0U, ~0ULL}, {0, ~0U, ~0ULL}, {1, ~0U, 1}, {std::int64_t{1} << 60, 1, 1}};
    const auto epoch = Epoch::make(huge, huge, kAlways, 0, {std::int64_t{1} << 50, std::int64_t{1} << 50});
    CHECK(epoch.shape().bins == kMostEpochBins);
    CHECK(epoch.shape().lags == kMostEpochLags);
    CHECK(epoch.footprint() < 100'000);
    CHECK(values_of(epoch, Direction::request, 4)[0] == 127);
}

TEST_CASE("epoch: a flow that is equally busy throughout, or not there, has no course") {
    std::vector<ActivityBin> even;
    for (int k = 0; k < 400; ++k) { even.push_back({k, 3, 0}); }
    const auto epoch = Epoch::make(even, {}, kAlways, 0, {400, 0});
    const auto gone = Epoch::make(even, {}, {at_ms(500'000), at_ms(600'000)}, 0, {400, 0});
    for (std::size_t scale = 0; scale < kViews.size(); ++scale) {
        CHECK(epoch.lane(Direction::request, scale).inverse_norm == 0);
        CHECK(gone.lane(Direction::request, scale).inverse_norm == 0);
    }
    CHECK(gone.life().size() == 0);
}

TEST_CASE("epoch: turned round, a course keeps its values and moves them within the life") {
    std::vector<ActivityBin> request;
    for (int k = 0; k < 400; k += 7) { request.push_back({k, static_cast<std::uint32_t>(1 + k % 5), 0}); }
    const auto as_it_is = values_of(Epoch::make(request, {}, {at_ms(10'000), at_ms(60'000)}, 0, {400, 24}), Direction::request, 0);
    const auto turned = values_of(Epoch::make(request, {}, {at_ms(10'000), at_ms(60'000)}, 0, {400, 24}, 60), Direction::request, 0);
    for (int k = 48; k < 237; ++k) {
        const int to = 48 + (k - 48 + 60) % (237 - 48);
        CHECK(turned[static_cast<std::size_t>(to)] == as_it_is[static_cast<std::size_t>(k)]);
    }
    CHECK(turned[47] == 0);
    CHECK(turned[237] == 0);
}
