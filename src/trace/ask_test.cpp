#include "trace/ask.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {

Trail ending_at(unsigned host, double probability, EndingKind kind, const flow::Flow& attack) {
    Trail trail;
    trail.attack = &attack;
    trail.ending.address = ip(host);
    trail.ending.kind = kind;
    trail.probability = probability;
    return trail;
}

}  // namespace

TEST_CASE("ask: trails that end at one unseen host are asked for together, the most telling first") {
    const auto first = make_flow("a", 0, 1, 4000, 2, 22, {{10, 20}, {10, 20}});
    const auto second = make_flow("a", 0, 1, 4001, 2, 22, {{50, 60}, {50, 60}});
    const std::vector<Trail> trails{ending_at(7, 0.3, EndingKind::relay_upstream_unseen, first), ending_at(8, 0.4, EndingKind::relay_upstream_unseen, first),
                                    ending_at(7, 0.2, EndingKind::relay_upstream_unseen, second)};
    const auto asks = rank_asks(trails, std::chrono::seconds(6));
    REQUIRE(asks.size() == 2);
    CHECK(asks[0].address == ip(7));
    CHECK(asks[0].bits == doctest::Approx(0.5));
    CHECK(asks[0].when == Interval{at_s(4), at_s(66)});
    CHECK(asks[1].bits == doctest::Approx(0.4));
}

TEST_CASE("ask: a source, a lost trail and a host that hardly matters are not asked for") {
    const auto flow = make_flow("a", 0, 1, 4000, 2, 22, {{10, 20}, {10, 20}});
    const std::vector<Trail> trails{ending_at(7, 0.6, EndingKind::source, flow), ending_at(8, 0.395, EndingKind::lost, flow),
                                    ending_at(9, 0.005, EndingKind::relay_upstream_unseen, flow)};
    CHECK(rank_asks(trails, std::chrono::seconds(6)).empty());
}
