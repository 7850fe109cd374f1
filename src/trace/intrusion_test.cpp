// Whole intrusions from totals alone, over many seeds: what the sequence channel and the path search make of them together.

#include "trace/intrusion_traffic.hpp"
#include "trace/trail.hpp"

#include <doctest/doctest.h>
#include <map>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {

struct Outcome {
    bool right = false;
    bool accuses = false;
    bool source = false;
    bool direct = false;  // a pivot calls the controller itself, the orders pass by the host that brought its tool
};

Outcome trace_intrusion(std::uint64_t seed) {
    const IntrusionTraffic traffic(seed);
    const auto& truth = traffic.truth;
    const auto source = traffic.source();
    const auto result = trace::trace(*source, {{truth.victim, truth.deed.server.port}, truth.deed.client.address, truth.deed.interval()}, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    Outcome outcome;
    std::map<net::Address, double> named;
    for (const auto& trail : result->trails) {
        std::map<net::Address, double> hosts{{trail.ending.address, trail.probability}};
        for (const auto& hop : trail.hops) { hosts[hop.relay] = trail.probability; }
        for (const auto& [host, share] : hosts) { named[host] += share; }
        outcome.source = outcome.source || trail.ending.kind == EndingKind::source;
    }
    for (const auto& host : truth.uninvolved) { outcome.accuses = outcome.accuses || named[host] > 0.05; }
    outcome.direct = truth.control.size() < truth.chain.size();
    const auto& first = result->trails.front();
    outcome.right = first.hops.size() == truth.control.size() && first.ending.address == truth.controller &&
                    std::ranges::equal(first.hops, truth.control, {}, &Hop::relay);
    return outcome;
}

}  // namespace

TEST_CASE("intrusion: entry host, pivots and controller come first in most made-up intrusions, from totals alone") {
    constexpr int kRuns = 60;
    int right = 0;
    int accusing = 0;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
        const auto outcome = trace_intrusion(seed);
        right += outcome.right ? 1 : 0;
        accusing += outcome.accuses ? 1 : 0;
        CHECK_FALSE(outcome.source);  // a controller outside is nobody's to watch
    }
    CHECK(right >= kRuns * 19 / 20);
    CHECK(accusing <= kRuns / 10);
}

TEST_CASE("intrusion: a pivot that calls the controller itself is followed there, not to the host that brought its tool") {
    int direct = 0;
    int right = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        const auto outcome = trace_intrusion(seed);
        direct += outcome.direct ? 1 : 0;
        right += outcome.direct && outcome.right ? 1 : 0;
    }
    REQUIRE(direct >= 20);
    CHECK(right >= direct * 9 / 10);
}
