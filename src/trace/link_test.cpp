#include "trace/link.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {
/// A prompt proxy (host 1, leaving by host 2's address when `two_addresses`) with `sessions` clients; totals only when asked.
std::vector<flow::Flow> proxy_flows(unsigned sessions, bool two_addresses, bool totals_only) {
    std::vector<flow::Flow> flows;
    for (unsigned i = 0; i < sessions; ++i) {
        const auto in = typed_session(10 + i, 7.0 * i, 60 + 10.0 * i);
        flows.push_back(make_flow("o", 0, 100 + i, 5000, 1, 1080, in));
        flows.push_back(make_flow("o", 0, two_addresses ? 2 : 1, static_cast<std::uint16_t>(6000 + i), 200 + i, 443, relayed(in, 90 + i, 0.005, 0.002)));
        if (totals_only) {
            for (auto* f : {&flows[flows.size() - 1], &flows[flows.size() - 2]}) { f->activity = {}; }
        }
    }
    return flows;
}

std::size_t right_first(const RelayLinks& links) {
    std::size_t right = 0;
    for (const auto& in : links.inflows) {
        const auto expected = in.flow->client.address.v4_bits() + 100;
        if (!in.candidates.empty() && in.candidates.front().outbound->server.address.v4_bits() == expected) { ++right; }
    }
    return right;
}
const std::vector<flow::Observer> kObservers{{"o", {at_s(-10), at_s(600)}}};
}  // namespace

TEST_CASE("link: every client of a proxy is paired with its own connection out") {
    const flow::MemorySource source(kObservers, proxy_flows(15, false, false));
    const std::vector<net::Address> relay{ip(1)};
    const auto links = link_relay(source, relay, {});
    REQUIRE(links.has_value());
    CHECK(links->inflows.size() == 15);
    CHECK(right_first(*links) == 15);
}

TEST_CASE("link: a box that leaves by another address is one relay when both are given") {
    const flow::MemorySource source(kObservers, proxy_flows(10, true, false));
    const std::vector<net::Address> both{ip(1), ip(2)};
    const auto links = link_relay(source, both, {});
    REQUIRE(links.has_value());
    CHECK(right_first(*links) == 10);
}

TEST_CASE("link: totals alone still find most partners, by start, end and bytes") {
    const flow::MemorySource source(kObservers, proxy_flows(15, false, true));
    const std::vector<net::Address> relay{ip(1)};
    const auto links = link_relay(source, relay, {});
    REQUIRE(links.has_value());
    CHECK(right_first(*links) >= 13);
    for (const auto& in : links->inflows) {
        for (const auto& c : in.candidates) { CHECK_FALSE(c.channels.activity.has_value()); }
    }
}

TEST_CASE("link: a client that the proxy turned away has no partner that is believed") {
    auto flows = proxy_flows(10, false, false);
    flows.push_back(make_flow("o", 0, 150, 5000, 1, 1080, typed_session(999, 20, 90)));
    const flow::MemorySource source(kObservers, std::move(flows));
    const std::vector<net::Address> relay{ip(1)};
    const auto links = link_relay(source, relay, {});
    REQUIRE(links.has_value());
    for (const auto& in : links->inflows) {
        if (in.flow->client.address == ip(150)) { CHECK(in.none > 0.5); }
    }
}

TEST_CASE("link: a host without flows gives no links and no error") {
    const flow::MemorySource source(kObservers, proxy_flows(2, false, false));
    const std::vector<net::Address> relay{ip(77)};
    const auto links = link_relay(source, relay, {});
    REQUIRE(links.has_value());
    CHECK(links->inflows.empty());
}
