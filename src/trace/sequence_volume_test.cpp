#include "trace/sequence_volume.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
constexpr unsigned kHost = 1;
const std::array<net::Address, 1> kHosts{ip(kHost)};

flow::Flow totals(unsigned client, std::uint16_t port, unsigned server, std::uint16_t service, double t, std::uint64_t request, std::uint64_t reply) {
    auto f = make_flow("o", 0, client, port, server, service, {{t}, {t + 1}});
    f.activity = {};
    f.request.payload_bytes = request;
    f.reply.payload_bytes = reply;
    return f;
}

Decibans weigh(const std::vector<flow::Flow>& flows, const flow::Flow& act, unsigned partner) {
    std::vector<const flow::Flow*> all;
    for (const auto& f : flows) { all.push_back(&f); }
    const auto relations = relations_of(kHosts, all, [](const net::Address&) { return true; });
    const std::vector<const flow::Flow*> acts{&act};
    const VolumeMatch volumes(acts, relations, kHosts);
    for (const auto& r : relations) {
        if (r.partner == ip(partner)) { return volumes.weigh(r, Orders(r, {at_s(0), at_s(600)})); }
    }
    return Decibans(-99);
}
}  // namespace

TEST_CASE("volume: who sent the tool that the host then pushed on is told by its size") {
    const std::vector<flow::Flow> flows{totals(kHost, 4000, 9, 443, 100, 700, 612'308), totals(kHost, 4001, 8, 443, 110, 700, 301'000),
                                        totals(kHost, 4002, 7, 443, 120, 700, 90'000)};
    const auto push = totals(kHost, 4003, 2, 445, 130, 615'200, 4000);
    CHECK(weigh(flows, push, 9).value() > 8);
    CHECK(weigh(flows, push, 8).value() < 0);
}

TEST_CASE("volume: what came after the push was not pushed") {
    const std::vector<flow::Flow> flows{totals(kHost, 4000, 9, 443, 200, 700, 612'308)};
    const auto push = totals(kHost, 4003, 2, 445, 130, 615'200, 4000);
    CHECK(weigh(flows, push, 9).value() < 0);
}

TEST_CASE("volume: what was read from the victim and went out again is the way back") {
    const std::vector<flow::Flow> flows{totals(kHost, 4000, 9, 443, 160, 2'100'000, 2000), totals(kHost, 4001, 8, 443, 150, 30'000, 2000)};
    const auto pull = totals(kHost, 4003, 2, 445, 130, 9000, 2'090'000);
    CHECK(weigh(flows, pull, 9).value() > 8);
    CHECK(weigh(flows, pull, 8).value() <= 0);
}

TEST_CASE("volume: a few bytes are talk and say nothing") {
    const std::vector<flow::Flow> flows{totals(kHost, 4000, 9, 443, 100, 700, 3000)};
    const auto push = totals(kHost, 4003, 2, 445, 130, 3000, 400);
    CHECK(weigh(flows, push, 9).value() == doctest::Approx(0));
}
