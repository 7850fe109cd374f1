#include "trace/pair_search.hpp"

#include "flow/memory_source.hpp"
#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;

namespace {

struct Sides {
    std::unique_ptr<flow::MemorySource> a;
    std::unique_ptr<flow::MemorySource> b;
};

/// `related` sessions of A that go on in B, `others` on either side that do not; B's clock is `ahead` seconds ahead. Ports on
/// either side tell which is which: related ones have the same.
Sides sides(unsigned related, unsigned others, double ahead, bool call_back = false) {
    std::vector<flow::Flow> a;
    std::vector<flow::Flow> b;
    const auto port = [](unsigned i) { return static_cast<std::uint16_t>(1000 + i); };
    for (unsigned i = 0; i < related + others; ++i) {
        const double start = 20.0 * (i % 7);
        const auto session = test::typed_session(50 + i, start, 240);
        a.push_back(test::make_flow("a", 0, 1, port(i), 2, 22, session));
        auto other = i < related ? test::relayed(session, 900 + i, 0.4, 0.2) : test::typed_session(5000 + i, start, 240);
        for (auto* times : {&other.request, &other.reply}) {
            for (auto& t : *times) { t += ahead; }
        }
        if (call_back) { std::swap(other.request, other.reply); }
        b.push_back(test::make_flow("b", 0, 3, port(i), 4, 22, other));
    }
    std::vector<flow::Observer> of_a{{"a", {}}};
    std::vector<flow::Observer> of_b{{"b", {}}};
    return {std::make_unique<flow::MemorySource>(of_a, std::move(a)), std::make_unique<flow::MemorySource>(of_b, std::move(b))};
}

PairSearchOptions quick() {
    PairSearchOptions options;
    options.null_pairs = 1500;
    return options;
}

std::size_t right_of(const BlindMatches& result) {
    return static_cast<std::size_t>(std::ranges::count_if(result.matches, [](const BlindMatch& m) { return m.a->client.port == m.b->client.port; }));
}

}  // namespace

TEST_CASE("pair search: flows that go on beyond the blind spot are claimed, and no others") {
    const auto both = sides(8, 12, 0);
    const auto result = match_blind_spot(*both.a, *both.b, quick());
    REQUIRE(result);
    CHECK(result->flows_a == 20);
    CHECK(result->pairs_tested == 400);
    CHECK(result->matches.size() == 8);
    CHECK(right_of(*result) == 8);
    CHECK(result->expected_false_accusations < 0.05);
    for (const auto& m : result->matches) {
        CHECK(m.total.passage == Passage::a_to_b);
        CHECK(m.claimed);
    }
}

TEST_CASE("pair search: clocks that disagree by seconds are told by the traffic and do not cost a match") {
    const auto both = sides(8, 12, 3.2);
    const auto result = match_blind_spot(*both.a, *both.b, quick());
    REQUIRE(result);
    CHECK(result->clock.basis == ClockBasis::lags);
    CHECK(std::chrono::abs(result->clock.ahead - Duration(3'200'000)) < Duration(400'000));
    CHECK(right_of(*result) == 8);
    CHECK(result->matches.size() == 8);
}

TEST_CASE("pair search: too few pairs to tell the clocks still match, at any lag") {
    const auto both = sides(1, 12, 2.5);
    const auto result = match_blind_spot(*both.a, *both.b, quick());
    REQUIRE(result);
    REQUIRE(!result->matches.empty());
    CHECK(result->matches.front().a->client.port == result->matches.front().b->client.port);
}

TEST_CASE("pair search: a call-back on one side is matched crossed") {
    const auto both = sides(8, 12, 0, true);
    const auto result = match_blind_spot(*both.a, *both.b, quick());
    REQUIRE(result);
    CHECK(right_of(*result) == 8);
    for (const auto& m : result->matches) { CHECK(crossed(m.total.passage)); }
}

TEST_CASE("pair search: where nothing goes on nothing is claimed; asked for, the best are shown all the same") {
    const auto both = sides(0, 15, 0);
    const auto none = match_blind_spot(*both.a, *both.b, quick());
    REQUIRE(none);
    CHECK(none->matches.empty());
    CHECK(none->expected_false_accusations == 0);
    PairSearchOptions all = quick();
    all.unclaimed = true;
    all.most_partners = 2;
    const auto shown = match_blind_spot(*both.a, *both.b, all);
    REQUIRE(shown);
    CHECK(shown->matches.size() == 30);
}

TEST_CASE("pair search: a flow that both saw is no continuation of itself, and sets the clocks") {
    std::vector<flow::Flow> a;
    for (unsigned i = 0; i < 6; ++i) { a.push_back(test::make_flow("x", 0, 1, static_cast<std::uint16_t>(100 + i), 2, 22, test::typed_session(i, 5.0 * i, 120))); }
    std::vector<flow::Flow> b = a;
    const flow::MemorySource of_a({{"a", {}}}, std::move(a));
    const flow::MemorySource of_b({{"b", {}}}, std::move(b));
    const auto result = match_blind_spot(of_a, of_b, quick());
    REQUIRE(result);
    CHECK(result->clock.basis == ClockBasis::shared_flows);
    CHECK(result->pairs_tested == 30);
    CHECK(result->matches.empty());
}

TEST_CASE("pair search: the result does not depend on the threads") {
    const auto both = sides(5, 10, 0.7);
    PairSearchOptions one = quick();
    one.unclaimed = true;
    PairSearchOptions two = one;
    two.threads = 2;
    const auto x = match_blind_spot(*both.a, *both.b, one);
    const auto y = match_blind_spot(*both.a, *both.b, two);
    REQUIRE(x);
    REQUIRE(y);
    REQUIRE(x->matches.size() == y->matches.size());
    for (std::size_t i = 0; i < x->matches.size(); ++i) {
        CHECK(x->matches[i].a->id == y->matches[i].a->id);
        CHECK(x->matches[i].b->id == y->matches[i].b->id);
        CHECK(x->matches[i].log_p == y->matches[i].log_p);
    }
}

TEST_CASE("pair search: empty sides match nothing") {
    const flow::MemorySource none({{"a", {}}}, {});
    const auto result = match_blind_spot(none, none, {});
    REQUIRE(result);
    CHECK(result->matches.empty());
    CHECK(result->pairs_tested == 0);
}

TEST_CASE("pair search: where the index says which pairs are compared, the same flows are matched and all pairs still count") {
    const auto both = sides(10, 40, 0.6);
    PairSearchOptions few = quick();
    few.all_pairs_up_to = 0;
    const auto all = match_blind_spot(*both.a, *both.b, quick());
    const auto likely = match_blind_spot(*both.a, *both.b, few);
    REQUIRE(all);
    REQUIRE(likely);
    CHECK(likely->pairs_scored < all->pairs_scored);
    CHECK(likely->pairs_tested == all->pairs_tested);
    CHECK(right_of(*all) >= 6);  // of 10: among 2,500 pairs and 1,500 null ones the weaker ones cannot be claimed
    CHECK(right_of(*likely) == right_of(*all));
}
