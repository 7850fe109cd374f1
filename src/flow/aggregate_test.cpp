#include "flow/aggregate.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace hw;
using namespace hw::flow;

namespace {

std::vector<Flow> some_flows(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Flow> flows(count);
    for (Flow& f : flows) {
        f.client = {random() % 5 == 0 ? net::Address::v6(1, random() % 9) : net::Address::v4(static_cast<std::uint32_t>(random() % 300)), net::Port{static_cast<std::uint16_t>(random() % 9)}};
        f.server = {net::Address::v4(static_cast<std::uint32_t>(random() % 300)), net::Port{static_cast<std::uint16_t>(random() % 9)}};
        f.protocol = random() % 2 == 0 ? Protocol::tcp : Protocol::udp;
        f.first = Time::from_micros(static_cast<std::int64_t>(random() % 100'000'000));
        f.last = f.first + Duration(random() % 3 == 0 ? 0 : random() % 50'000'000);
        f.request = {random() % 100, random() % 100'000};
        f.reply = {random() % 100, random() % 100'000};
    }
    return flows;
}

std::vector<FlowGroup> grouped(const std::vector<Flow>& flows, std::string_view by, FlowMeasure order = FlowMeasure::bytes, std::size_t top = 0) {
    FlowGroups groups(parse_group_by(by).value());
    bool within = true;
    for (const Flow& f : flows) { within = groups.add(f) && within; }
    CHECK(within);
    return groups.take(order, top).value();
}

TEST_CASE("aggregate: what was sampled is scaled up, and counted as an estimate") {
    Flow flow;
    flow.request = {.packets = 3, .bytes = 300};
    flow.reply = {.packets = 1, .bytes = ~std::uint64_t{0} / 2};
    flow.sampling = 100;
    FlowTotals totals;
    totals.add(flow);
    flow.sampling = 1;
    totals.add(flow);
    CHECK(totals.request_packets == 303);
    CHECK(totals.request_bytes == 30'300);
    CHECK(totals.reply_bytes == ~std::uint64_t{0});  // stops, and does not wrap around
    CHECK(totals.flows == 2);
    CHECK(totals.sampled_flows == 1);
}

}  // namespace

TEST_CASE("groups: the totals are those of adding up by hand, a host counting at either end") {
    const auto flows = some_flows(3000, 1);
    std::map<net::Address, FlowTotals> plain;
    for (const Flow& f : flows) {
        plain[f.client.address].add(f);
        if (f.server.address != f.client.address) { plain[f.server.address].add(f); }
    }
    const auto groups = grouped(flows, "host");
    CHECK(groups.size() == plain.size());
    for (const auto& g : groups) { CHECK(g.totals == plain[net::Address::v6(g.key[0].high, g.key[0].low)]); }
    CHECK(std::ranges::is_sorted(groups, std::ranges::greater{}, [](const auto& g) { return g.totals.bytes(); }));
}

TEST_CASE("groups: merged on the way or at the end, the same comes out, and the order of the flows does not matter") {
    auto flows = some_flows(300'000, 2);  // past what is held between two merges
    const auto groups = grouped(flows, "client,client_port,port", FlowMeasure::flows);
    std::ranges::reverse(flows);
    CHECK(grouped(flows, "client,client_port,port", FlowMeasure::flows) == groups);
    std::uint64_t sum = 0;
    for (const auto& g : groups) { sum += g.totals.flows; }
    CHECK(sum == 300'000);
}

TEST_CASE("groups: the first few are the first few of all") {
    const auto flows = some_flows(2000, 3);
    const auto all = grouped(flows, "server,port", FlowMeasure::packets);
    const auto few = grouped(flows, "server,port", FlowMeasure::packets, 7);
    REQUIRE(few.size() == 7);
    CHECK(std::equal(few.begin(), few.end(), all.begin()));
}

TEST_CASE("groups: addresses are cut to prefixes, each family by its own bits") {
    Flow f;
    f.client.address = net::parse_address("192.0.2.77").value();
    f.server.address = net::parse_address("2001:db8:1:2::9").value();
    const auto by = parse_group_by("client/24/48,server/24/48").value();
    const auto groups = grouped({f}, "client/24/48,server/24/48");
    REQUIRE(groups.size() == 1);
    CHECK(group_text(by[0], groups[0].key[0]) == "192.0.2.0/24");
    CHECK(group_text(by[1], groups[0].key[1]) == "2001:db8:1::/48");
    CHECK(group_text(parse_group_by("host/0").value()[0], grouped({f}, "client/0")[0].key[0]) == "0.0.0.0/0");
}

TEST_CASE("groups: too many are an error that says how to have fewer") {
    FlowGroups groups(parse_group_by("client").value(), 100);
    for (const Flow& f : some_flows(2000, 4)) { static_cast<void>(groups.add(f)); }
    const auto taken = groups.take(FlowMeasure::bytes, 0);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == Errc::limit);
    CHECK(taken.error().hint.find("host/24") != std::string::npos);
}

TEST_CASE("groups: what cannot be grouped by is told with the nearest word") {
    CHECK(parse_group_by("hots").error().hint == "did you mean \"host\"?");
    for (const auto* bad : {"", "host,", "host,host", "port/24", "host/33", "host/24/129", "client,server,port,protocol,observer", "host/", "src,client"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_group_by(bad).has_value());
    }
}

TEST_CASE("totals: counters at their limit stay there") {
    FlowTotals t;
    Flow f;
    f.request.bytes = ~std::uint64_t{0};
    t.add(f);
    t.add(f);
    CHECK(t.bytes() == ~std::uint64_t{0});
    CHECK(t.flows == 2);
}
