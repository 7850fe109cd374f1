#include "flow/memory_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace hw;
using namespace hw::flow;

namespace {

Time s(std::int64_t v) { return Time::from_micros(v * 1'000'000); }

Flow make_flow(std::uint32_t client, std::uint32_t server, std::int64_t from, std::int64_t to, std::uint16_t observer = 0) {
    Flow f;
    f.client = {net::Address::v4(client), net::Port{1}};
    f.server = {net::Address::v4(server), net::Port{2}};
    f.protocol = Protocol::tcp;
    f.first = s(from);
    f.last = s(to);
    f.observer = ObserverId{observer};
    f.id = make_flow_id("a", f.client, f.server, f.protocol, f.first);
    return f;
}

}  // namespace

TEST_CASE("memory source: flows of a host in an interval, as a plain search finds them") {
    std::mt19937_64 random(3);
    std::vector<Flow> flows;
    for (int i = 0; i < 2000; ++i) {
        const auto from = static_cast<std::int64_t>(random() % 1000);
        flows.push_back(make_flow(1 + static_cast<std::uint32_t>(random() % 20), 1 + static_cast<std::uint32_t>(random() % 20), from, from + static_cast<std::int64_t>(random() % 50)));
    }
    const MemorySource source({{.name = "a", .interval = {}}}, flows);
    CHECK(std::ranges::is_sorted(source.flows(), {}, [](const Flow& f) { return std::pair(f.first, f.id); }));
    for (std::uint32_t host = 0; host < 22; ++host) {
        const Interval interval{s(static_cast<std::int64_t>(random() % 1000)), s(1000)};
        const auto found = source.flows_of(net::Address::v4(host), interval);
        REQUIRE(found);
        const auto expected = std::ranges::count_if(flows, [&](const Flow& f) { return f.touches(net::Address::v4(host)) && f.interval().overlaps(interval); });
        CHECK(static_cast<std::ptrdiff_t>(found->size()) == expected);
        CHECK(std::ranges::is_sorted(*found, {}, [](const Flow* f) { return std::pair(f->first, f->id); }));
    }
    std::size_t visited = 0;
    CHECK(source.scan({s(100), s(200)}, [&](const Flow& f) { return f.interval().overlaps({s(100), s(200)}) && ++visited > 0; }));
    CHECK(visited == static_cast<std::size_t>(std::ranges::count_if(flows, [](const Flow& f) { return f.interval().overlaps({s(100), s(200)}); })));
}

TEST_CASE("memory source: observers hold their flows' time, the source all of theirs") {
    const MemorySource source({{.name = "a", .interval = {}}, {.name = "b", .interval = {}}}, {make_flow(1, 2, 10, 20), make_flow(1, 2, 5, 30, 1)});
    CHECK(source.observers()[0].interval == Interval{s(10), s(20)});
    CHECK(source.observers()[1].interval == Interval{s(5), s(30)});
    CHECK(source.interval() == Interval{s(5), s(30)});
    CHECK(MemorySource({}, {}).interval() == Interval{});
}

TEST_CASE("memory source: what the operator declares is covered, by the observer named or by all that saw the host") {
    const std::vector<Observer> observers = {{.name = "a", .interval = {}}, {.name = "b", .interval = {}}};
    const std::vector<Flow> flows = {make_flow(0x0a000001, 2, 10, 20), make_flow(0x0a000001, 2, 5, 30, 1), make_flow(0x0a000002, 2, 5, 30, 1)};
    const DeclaredCoverage everywhere{.observer = {}, .prefix = *net::parse_prefix("10.0.0.0/30")};
    const MemorySource all(observers, flows, std::vector{everywhere});
    REQUIRE(all.coverage().size() == 3);
    CHECK(all.coverage()[0] == CoveredHost{net::Address::v4(0x0a000001), ObserverId{0}, {s(10), s(20)}, CoverageBasis::declared});
    CHECK(all.coverage()[2].address == net::Address::v4(0x0a000002));
    const DeclaredCoverage named{.observer = "b", .prefix = *net::parse_prefix("10.0.0.1")};
    const MemorySource one(observers, flows, std::vector{named});
    REQUIRE(one.coverage().size() == 1);
    CHECK(one.coverage()[0].observer == ObserverId{1});
}

TEST_CASE("flow: ids are stable and tell observers, ends, times and tunnels apart") {
    const net::Endpoint a{net::Address::v4(0x0a000001), net::Port{1}};
    const net::Endpoint b{net::Address::v4(0x0a000002), net::Port{2}};
    const FlowId id = make_flow_id("sensor", a, b, Protocol::tcp, s(1));
    CHECK(to_string(id).size() == 16);
    CHECK(id == make_flow_id("sensor", a, b, Protocol::tcp, s(1)));
    CHECK(id != make_flow_id("other", a, b, Protocol::tcp, s(1)));
    CHECK(id != make_flow_id("sensor", b, a, Protocol::tcp, s(1)));
    CHECK(id != make_flow_id("sensor", a, b, Protocol::udp, s(1)));
    CHECK(id != make_flow_id("sensor", a, b, Protocol::tcp, s(2)));
    CHECK(id != make_flow_id("sensor", a, b, Protocol::tcp, s(1), 1));
    CHECK(to_string(FlowId{0xab}) == "00000000000000ab");
    CHECK(to_string(Protocol::tcp) == "tcp");
    CHECK(to_string(Protocol{89}) == "89");
}
