#include "trace/hop.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <numeric>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
struct Scene {
    std::vector<flow::Flow> flows;
    HopInput input;

    Scene(bool with_partner, unsigned others) {
        const auto typed = typed_session(1, 10, 120);
        flows.push_back(make_flow("o", 0, 1, 4000, 2, 22, relayed(typed, 2, 0.05, 0.02)));
        if (with_partner) { flows.push_back(make_flow("o", 0, 3, 4001, 1, 22, typed)); }
        for (unsigned i = 0; i < others; ++i) { flows.push_back(make_flow("o", 0, 10 + i, 5000, 1, 22, typed_session(50 + i, 8 + i, 110))); }
        input.host = {ip(1)};
        input.action = &flows[0];
        for (const auto& f : flows) { input.flows.push_back(&f); }
        input.seen = {at_s(-30), at_s(300)};
    }
};
double mass(const HopResult& r) {
    return std::accumulate(r.linked.candidates.begin(), r.linked.candidates.end(), r.linked.none, [](double sum, const Link& l) { return sum + l.posterior; });
}
}  // namespace

TEST_CASE("hop: the posterior over all candidates and none of them sums to one") {
    for (const bool partner : {true, false}) {
        Scene scene(partner, 12);
        CHECK(mass(explain_action(scene.input, {})) == doctest::Approx(1).epsilon(1e-6));
    }
}

TEST_CASE("hop: the partner is believed when it is there, and nobody when it is not") {
    Scene with(true, 12);
    const auto found = explain_action(with.input, {});
    CHECK(found.linked.candidates.front().inbound->client.address == ip(3));
    CHECK(found.linked.candidates.front().posterior > 0.99);
    Scene without(false, 12);
    CHECK(explain_action(without.input, {}).linked.none > 0.8);
}

TEST_CASE("hop: a host downstream on the trail is never upstream too") {
    Scene scene(true, 3);
    scene.input.downstream = {ip(3)};
    for (const auto& link : explain_action(scene.input, {}).linked.candidates) { CHECK(link.inbound->client.address != ip(3)); }
}

TEST_CASE("hop: no weight and no chance is reported beyond what can be known") {
    Scene scene(true, 12);
    for (const auto& link : explain_action(scene.input, {}).linked.candidates) {
        CHECK(link.llr.value() <= 60);
        CHECK(link.p >= 1e-6);
    }
}

TEST_CASE("hop: a host with this one flow only has nothing to weigh") {
    Scene scene(false, 0);
    const auto result = explain_action(scene.input, {});
    CHECK(result.linked.candidates.empty());
    CHECK(result.linked.none == 1);
    CHECK(result.p_self < 1e-4);
}
