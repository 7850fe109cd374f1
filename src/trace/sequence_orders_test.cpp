#include "trace/sequence_orders.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <numeric>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
const Interval kWindow{at_s(0), at_s(600)};

/// Polls by host 1 at server 9, each a connection of its own, totals only; the answer is `usual` bytes, or as `marked` says.
struct Polls {
    std::vector<flow::Flow> flows;
    Relation relation;

    Polls(double from, double period, std::size_t marked, std::uint64_t bytes) {
        for (std::size_t i = 0; from + period * static_cast<double>(i) < 600; ++i) {
            const double t = from + period * static_cast<double>(i);
            flows.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(5000 + i), 9, 443, {{t}, {t + 0.1}}));
            flows.back().activity = {};
            flows.back().reply.payload_bytes = i == marked ? bytes : 200 + i % 3;
        }
        relation = {ip(9), {ip(9), net::Port{443}}, true, true, {}};
        for (const auto& f : flows) { relation.flows.push_back(&f); }
    }
};
}  // namespace

TEST_CASE("orders: a partner who speaks all the time says nothing by having spoken") {
    const Polls polls(1, 5, 1000, 0);
    const Orders orders(polls.relation, kWindow);
    for (const double t : {100.2, 203.0, 405.5}) { CHECK(std::abs(10 * std::log10(orders.ratio_at(at_s(t)))) < 6); }
}

TEST_CASE("orders: over unrelated moments the ratio is 1 on average, whatever the rhythm") {
    for (const double period : {3.0, 20.0, 150.0}) {
        const Polls polls(2, period, 7, 4000);
        const Orders orders(polls.relation, kWindow);
        double sum = 0;
        for (int i = 0; i < 6000; ++i) { sum += orders.ratio_at(at_s(0.1 * i)); }
        CHECK(sum / 6000 == doctest::Approx(1).epsilon(0.15));
    }
}

TEST_CASE("orders: a poll with a larger answer than usual carries one") {
    const Polls polls(1, 5, 40, 900);
    const Orders orders(polls.relation, kWindow);
    CHECK(orders.ratio_at(at_s(201.5)) > 10);  // poll 40 came at 201 s
    CHECK(orders.ratio_at(at_s(301.5)) < 3);
    CHECK(orders.most_telling(at_s(203)) == &polls.flows[40]);
}

TEST_CASE("orders: a session of which only the totals are known may bring one while it lasts") {
    auto session = make_flow("o", 0, 9, 5000, 1, 22, {{300, 360}, {300.1, 360}});
    session.activity = {};
    const Relation relation{ip(9), {ip(1), net::Port{22}}, false, false, {&session}};
    const Orders orders(relation, kWindow);
    CHECK(orders.ratio_at(at_s(340)) > 3);
    CHECK(orders.ratio_at(at_s(290)) < 0.1);
}

TEST_CASE("orders: the flows' shares sum to one") {
    const Polls polls(1, 9, 3, 5000);
    const Orders orders(polls.relation, kWindow);
    CHECK(std::accumulate(orders.shares().begin(), orders.shares().end(), 0.0) == doctest::Approx(1));
}

TEST_CASE("orders: what a host is told when it opens a session is an answer rather than an order") {
    const auto session = make_flow("o", 0, 1, 5000, 9, 8443, {{100, 340, 500}, {100.5, 340.5, 500.5}});
    const Relation relation{ip(9), {ip(9), net::Port{8443}}, true, true, {&session}};
    const Orders orders(relation, kWindow);
    CHECK(orders.ratio_at(at_s(341)) > 3 * orders.ratio_at(at_s(101)));
    const auto only_greeted = make_flow("o", 0, 1, 5000, 9, 8443, {{100, 400}, {100.5}});
    const Relation silent{ip(9), {ip(9), net::Port{8443}}, true, true, {&only_greeted}};
    CHECK(Orders(silent, kWindow).ratio_at(at_s(101)) < Orders(relation, kWindow).ratio_at(at_s(341)));
}

TEST_CASE("orders: a page fetched just before orders less than a poll that comes again") {
    Polls polls(1, 50, 1000, 0);
    auto page = make_flow("o", 0, 1, 5000, 8, 443, {{201}, {201.3}});
    page.activity = {};
    const Relation once{ip(8), {ip(8), net::Port{443}}, true, true, {&page}};
    const Relation called{ip(8), {ip(1), net::Port{22}}, false, false, {&page}};
    CHECK(Orders(called, kWindow).ratio_at(at_s(202)) > 5 * Orders(once, kWindow).ratio_at(at_s(202)));
    CHECK(Orders(polls.relation, kWindow).ratio_at(at_s(202)) > 3);
}
