#include "trace/activity_channel.hpp"

#include "trace/test_traffic.hpp"

#include <cmath>
#include <doctest/doctest.h>

using namespace hw::trace;
using namespace hw::trace::test;

namespace {
/// A relay (host 1) with one action flow, its true control flow first, and `others` unrelated sessions.
struct Relay {
    std::vector<hw::flow::Flow> flows;
    RelayFlow action;
    std::vector<RelayFlow> controls;

    explicit Relay(unsigned others) {
        const auto typed = typed_session(1, 10, 200);
        flows.reserve(others + 2);
        flows.push_back(make_flow("o", 0, 1, 4000, 2, 22, relayed(typed, 2, 0.1, 0.05)));
        flows.push_back(make_flow("o", 0, 3, 4001, 1, 22, typed));
        for (unsigned i = 0; i < others; ++i) { flows.push_back(make_flow("o", 0, 10 + i, 5000, 1, 22, typed_session(50 + i, 8 + i, 190))); }
        action = {&flows[0], true};
        for (std::size_t i = 1; i < flows.size(); ++i) { controls.push_back({&flows[i], false}); }
    }
};
}  // namespace

TEST_CASE("activity channel: the true partner stands out, alone or among any number of others") {
    for (const unsigned others : {0U, 1U, 5U, 7U, 8U, 9U, 30U}) {
        const Relay relay(others);
        const auto scores = score_activity(relay.action, relay.controls, {});
        CHECK(scores.log_p_self < std::log(1e-4));
        REQUIRE(scores.controls[0].comparable);
        CHECK(scores.controls[0].log_p < std::log(1e-4));
        for (std::size_t i = 1; i < scores.controls.size(); ++i) {
            CHECK(std::isfinite(scores.controls[i].log_p));
            CHECK(scores.controls[i].log_p > scores.controls[0].log_p);
        }
    }
}

TEST_CASE("activity channel: unrelated sessions are as rarely striking as their p says") {
    std::size_t pairs = 0;
    std::size_t below_tenth = 0;
    for (unsigned round = 0; round < 6; ++round) {
        std::vector<hw::flow::Flow> flows;
        for (unsigned i = 0; i < 25; ++i) { flows.push_back(make_flow("o", 0, 10 + i, 5000, 1, 22, typed_session(1000 * round + i, 3 * i, 200))); }
        std::vector<RelayFlow> controls;
        for (std::size_t i = 1; i < flows.size(); ++i) { controls.push_back({&flows[i], false}); }
        for (const auto& score : score_activity({&flows[0], true}, controls, {}).controls) {
            ++pairs;
            below_tenth += std::exp(score.log_p) < 0.1 ? 1U : 0U;
        }
    }
    CHECK(below_tenth < pairs / 4);
}

TEST_CASE("activity channel: beside sparse flows, whose shifts all score alike, the true partner still stands out") {
    Packets orders;  // a command every few seconds, each with a burst of output
    for (int i = 0; i < 9; ++i) {
        orders.request.push_back(12.3 + 4.1 * i);
        for (int k = 0; k < 12; ++k) { orders.reply.push_back(12.4 + 4.1 * i + 0.02 * k); }
    }
    std::vector<hw::flow::Flow> flows{make_flow("o", 0, 1, 4000, 2, 22, relayed(orders, 2, 0.05, 0.02)), make_flow("o", 0, 3, 4001, 1, 22, orders)};
    for (unsigned i = 0; i < 9; ++i) {  // two exchanges each, at either end of the time
        flows.push_back(make_flow("o", 0, 50 + i, 5000, 1, 22, {{11.0 + 0.01 * i, 47.0 + 0.01 * i}, {11.5, 47.5}}));
    }
    std::vector<RelayFlow> controls;
    for (std::size_t i = 1; i < flows.size(); ++i) { controls.push_back({&flows[i], false}); }
    const auto scores = score_activity({&flows[0], true}, controls, {});
    CHECK(scores.log_p_self < std::log(1e-4));
    CHECK(scores.controls[0].log_p < std::log(1e-3));
    CHECK(scores.controls[0].weight.value() > 10);
}

TEST_CASE("activity channel: of two long flows only time that both lived is compared, however late their busiest half hour") {
    // Both wake after more than half an hour, and the action goes on alone when its control flow has ended.
    const auto greeting = typed_session(1, 10, 5);
    const auto shared = typed_session(2, 3600, 240);
    const auto alone = typed_session(3, 3850, 600);
    Packets session = greeting;
    Packets action_only;
    for (const auto half : {&Packets::request, &Packets::reply}) {
        (session.*half).insert((session.*half).end(), (shared.*half).begin(), (shared.*half).end());
        action_only.*half = (relayed(session, 4, 0.1, 0.05)).*half;
        (action_only.*half).insert((action_only.*half).end(), (alone.*half).begin(), (alone.*half).end());
    }
    const auto control = make_flow("o", 0, 3, 4001, 1, 22, session);
    const auto action = make_flow("o", 0, 1, 4000, 2, 22, action_only);
    const std::vector<RelayFlow> controls{{&control, false}};
    const auto scores = score_activity({&action, true}, controls, {});
    CHECK(scores.controls[0].shared_s == 1800);
    CHECK(scores.controls[0].unlike < 0.1);  // both speak as often while both live
    CHECK(scores.controls[0].log_p < std::log(1e-4));
}

TEST_CASE("activity channel: a flow with totals only is not compared, one that was gone before counts as unlike") {
    const auto early = make_flow("o", 0, 3, 4001, 1, 22, typed_session(1, 0, 60));
    auto totals = make_flow("o", 0, 4, 4001, 1, 22, typed_session(2, 100, 60));
    totals.activity = {};
    const auto action = make_flow("o", 0, 1, 4000, 2, 22, typed_session(3, 100, 60));
    const std::vector<RelayFlow> controls{{&early, false}, {&totals, false}};
    const auto scores = score_activity({&action, true}, controls, {});
    CHECK(scores.controls[0].comparable);
    CHECK(scores.controls[0].log_p == 0);
    CHECK_FALSE(scores.controls[1].comparable);
}

TEST_CASE("activity channel: page fetches beside a session do not blur what its true partner shows") {
    const auto typed = typed_session(1, 10, 90);
    std::vector<hw::flow::Flow> flows{make_flow("o", 0, 1, 4000, 2, 22, relayed(typed, 2, 0.05, 0.02)), make_flow("o", 0, 3, 4001, 1, 22, typed)};
    for (unsigned i = 0; i < 40; ++i) {
        const double t = 12 + 2.0 * i;
        flows.push_back(make_flow("o", 0, 1, static_cast<std::uint16_t>(7000 + i), 9, 443, {{t, t + 0.4}, {t + 0.1, t + 0.2, t + 0.5}}));
    }
    std::vector<RelayFlow> controls{{&flows[1], false}};
    for (std::size_t i = 2; i < flows.size(); ++i) { controls.push_back({&flows[i], true}); }
    const auto scores = score_activity({&flows[0], true}, controls, {});
    CHECK(scores.log_p_self < std::log(1e-6));
    CHECK(scores.controls[0].log_p < std::log(1e-6));
    for (std::size_t i = 1; i < controls.size(); ++i) { CHECK(scores.controls[i].log_p > std::log(0.05)); }
}
