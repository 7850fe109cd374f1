#include "trace/sequence_match.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw::trace;
using namespace hw::trace::test;

namespace {
const hw::Interval kSeen{at_s(0), at_s(700)};
constexpr hw::Duration kLookback = std::chrono::seconds(600);
}  // namespace

TEST_CASE("sequence: a rare visitor who speaks just before the host acts may have given the order") {
    const auto login = make_flow("o", 0, 9, 5000, 1, 22, {{100, 300, 300.5}, {100.1, 300.6}});
    const auto action = make_flow("o", 0, 1, 6000, 2, 445, {{301.0}, {301.1}});
    const std::vector<const hw::flow::Flow*> flows{&login};
    const auto order = match_orders(flows, action, ip(1), kSeen, kLookback);
    REQUIRE(order.has_value());
    CHECK(order->llr.value() > 10);
    CHECK(order->flow == &login);
}

TEST_CASE("sequence: someone who never stops talking says nothing by talking") {
    Packets chatter;
    for (double t = 1; t < 600; t += 0.7) { chatter.request.push_back(t); }
    const auto stream = make_flow("o", 0, 9, 5000, 1, 22, chatter);
    const auto action = make_flow("o", 0, 1, 6000, 2, 445, {{301.0}, {301.1}});
    const std::vector<const hw::flow::Flow*> flows{&stream};
    const auto order = match_orders(flows, action, ip(1), kSeen, kLookback);
    REQUIRE(order.has_value());
    CHECK(order->llr.value() < 0);
}

TEST_CASE("sequence: one page fetched before the act is not an order, a server polled again and again may be") {
    const auto fetch = make_flow("o", 0, 1, 5000, 9, 443, {{299.5}, {300.0}});
    const auto action = make_flow("o", 0, 1, 6000, 2, 445, {{301.0}, {301.1}});
    const std::vector<const hw::flow::Flow*> once{&fetch};
    CHECK_FALSE(match_orders(once, action, ip(1), kSeen, kLookback).has_value());

    std::vector<hw::flow::Flow> polls;
    for (unsigned i = 0; i < 5; ++i) {
        const double t = 60.0 * (i + 1);
        polls.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(5100 + i), 9, 443, {{t - 0.2}, {t}}));
    }
    std::vector<const hw::flow::Flow*> flows;
    for (const auto& p : polls) { flows.push_back(&p); }
    const auto order = match_orders(flows, action, ip(1), kSeen, kLookback);
    REQUIRE(order.has_value());
    CHECK(order->llr.value() > 5);
}

TEST_CASE("sequence: the channel is silent where somebody else opened the action flow") {
    const auto login = make_flow("o", 0, 9, 5000, 1, 22, {{300.5}, {300.6}});
    const auto called = make_flow("o", 0, 2, 6000, 1, 4444, {{301.0}, {301.1}});
    const std::vector<const hw::flow::Flow*> flows{&login};
    CHECK_FALSE(match_orders(flows, called, ip(1), kSeen, kLookback).has_value());
}
