#include "trace/pair_clock.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace std::chrono_literals;

namespace {

flow::Flow flow_at(double start, unsigned client, std::uint16_t port) {
    return test::make_flow("x", 0, client, port, 9, 22, test::typed_session(port, start, 60));
}

PairSide side_of(const std::vector<flow::Flow>& flows) {
    PairSide side;
    for (const auto& f : flows) { side.courses.push_back({&f, Duration(0)}); }
    return side;
}

}  // namespace

TEST_CASE("pair clock: flows that both sides saw tell the difference, and ports used twice do not") {
    std::vector<flow::Flow> a;
    std::vector<flow::Flow> b;
    for (std::uint16_t i = 0; i < 5; ++i) {
        a.push_back(flow_at(10.0 * i, 1, static_cast<std::uint16_t>(100 + i)));
        b.push_back(a.back());
        b.back().first = b.back().first + Duration(1'500'000 + 1000 * i);
    }
    b.push_back(b.front());  // the same port again, much later
    b.back().first = b.back().first + Duration(60'000'000);
    const auto clock = clock_from_shared(side_of(a), side_of(b));
    CHECK(clock.basis == ClockBasis::shared_flows);
    CHECK(clock.support == 4);
    CHECK(clock.ahead == Duration(1'503'000));
    CHECK(clock.spread <= Duration(1000));
    CHECK(clock_from_shared(side_of(a), {}).basis == ClockBasis::unknown);
}

TEST_CASE("pair clock: the densest second of offsets decides, however far the wrong ones lie") {
    const auto clock = clock_from_offsets({2100ms, 2000ms, 1900ms, 2050ms, -4s, 4s, 500ms});
    CHECK(clock.basis == ClockBasis::lags);
    CHECK(clock.ahead >= 2000ms);
    CHECK(clock.ahead <= 2100ms);
    CHECK(clock.support == 4);
    CHECK(clock_from_offsets({}).basis == ClockBasis::unknown);
    CHECK(clock_from_offsets({1s, 1s}).basis == ClockBasis::unknown);
    CHECK(clock_from_offsets({1s, 1s, 1s, -1s, -2s, -3s, -4s, 3s, 5s, -5s}).basis == ClockBasis::unknown);  // three of ten is no majority
}
