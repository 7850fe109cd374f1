#include "trace/sequence_match.hpp"

#include "trace/test_traffic.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
constexpr unsigned kHost = 1;
constexpr unsigned kVictim = 2;
const std::array<net::Address, 1> kHosts{ip(kHost)};

struct Scene {
    std::vector<flow::Flow> flows;
    std::vector<const flow::Flow*> views;

    flow::Flow& add(unsigned client, unsigned server, std::uint16_t port, const Packets& packets) {
        flows.push_back(make_flow("o", 0, client, static_cast<std::uint16_t>(4000 + flows.size()), server, port, packets));
        return flows.back();
    }
    std::vector<OrderMatch> match(const flow::Flow& action) {
        const flow::MemorySource source({{"o", {}}}, flows);
        const Contacts contacts(source);
        views.clear();
        for (const auto& f : flows) {
            if (f.touches(ip(kHost))) { views.push_back(&f); }
        }
        auto found = match_orders({kHosts, &action, views, {at_s(0), at_s(700)}, std::chrono::seconds(600), &contacts,
                                   [](const net::Address& a) { return a != ip(kHost) && a != ip(kVictim); }});
        std::ranges::sort(found, [](const auto& a, const auto& b) { return a.llr > b.llr; });
        return found;
    }
};
}  // namespace

TEST_CASE("sequence: a rare visitor who speaks just before the host acts may have given the order") {
    Scene scene;
    scene.add(9, kHost, 22, {{100, 300, 300.5}, {100.1, 300.6}});
    const auto action = make_flow("o", 0, kHost, 6000, kVictim, 445, {{301.0}, {301.1}});
    const auto orders = scene.match(action);
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].llr.value() > 10);
    CHECK(orders[0].flow == scene.views[0]);
    CHECK_FALSE(orders[0].opened);
}

TEST_CASE("sequence: someone who never stops talking says nothing by talking") {
    Scene scene;
    Packets chatter;
    for (double t = 1; t < 600; t += 1.7) {
        chatter.request.push_back(t);
        chatter.reply.push_back(t + 0.1);
    }
    scene.add(9, kHost, 22, chatter);
    const auto orders = scene.match(make_flow("o", 0, kHost, 6000, kVictim, 445, {{301.0}, {301.1}}));
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].timing.value() < 3);
}

TEST_CASE("sequence: one page fetched before the act weighs less than a server polled again and again") {
    Scene once;
    once.add(kHost, 9, 443, {{299.5}, {300.0}});
    const auto action = make_flow("o", 0, kHost, 6000, kVictim, 445, {{301.0}, {301.1}});
    const auto page = once.match(action);
    REQUIRE(page.size() == 1);
    Scene polling;
    for (int i = 0; i < 100; ++i) { polling.add(kHost, 9, 443, {{6.0 * i}, {6.0 * i + 0.2}}); }
    const auto poll = polling.match(action);
    REQUIRE(poll.size() == 1);
    CHECK(poll[0].kind > page[0].kind + Decibans(5));
    CHECK(poll[0].flow->first <= action.first);
}

TEST_CASE("sequence: whose implant it planted speaks for the host that a child's calls come to") {
    // The host calls home to 9 and, ordered so, copies a tool to 2, which then calls the host: the call is the action.
    Scene scene;
    for (int i = 0; i < 100; ++i) {
        auto& poll = scene.add(kHost, 9, 443, {{20 + 6.0 * i}, {20 + 6.0 * i + 0.1}});
        poll.activity = {};
        poll.reply.payload_bytes = i == 30 ? 900 : 210;
        scene.add(kHost, 8, 443, {{3 + 6.3 * i}, {3 + 6.3 * i + 0.1}}).activity = {};
    }
    for (unsigned other = 20; other < 30; ++other) { scene.add(other, 8, 443, {{5}, {5.1}}); }
    scene.add(kHost, kVictim, 445, {{201.5}, {203}}).activity = {};
    auto& call = scene.add(kVictim, kHost, 8443, {{206, 500}, {206.1, 500}});
    call.activity = {};
    const auto orders = scene.match(flow::Flow(call));
    REQUIRE(orders.size() == 2);
    CHECK(orders[0].partner == ip(9));
    CHECK(orders[0].timing.value() > 5);
    CHECK(orders[0].llr > orders[1].llr + Decibans(10));
}

TEST_CASE("sequence: without knowledge of the network the channel is silent") {
    const auto action = make_flow("o", 0, kHost, 6000, kVictim, 445, {{301.0}, {301.1}});
    CHECK(match_orders({kHosts, &action, {}, {at_s(0), at_s(700)}, std::chrono::seconds(600), nullptr, {}}).empty());
}
