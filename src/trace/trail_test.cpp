#include "trace/trail.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <memory>
#include <optional>

using namespace hw;
using namespace hw::trace;
using namespace hw::trace::test;

namespace {

constexpr unsigned kSource = 10;
constexpr unsigned kFirstRelay = 20;
constexpr unsigned kSecondRelay = 30;
constexpr unsigned kVictim = 40;

/// source → first relay → second relay → victim, every host watched unless left out, with other people's sessions over
/// both relays and page fetches everywhere. Each observer's clock is off by its number of seconds.
struct World {
    std::vector<flow::Observer> observers;
    std::vector<flow::Flow> flows;
    std::vector<flow::DeclaredCoverage> declared;

    void watch(const std::string& name, unsigned host) {
        observers.push_back({name, {at_s(-30), at_s(400)}});
        declared.push_back({name, net::Prefix::host(ip(host))});
        hosts.push_back(host);
    }
    /// Adds the flow to every observer that watches one of its ends.
    void add(unsigned client, std::uint16_t port, unsigned server, std::uint16_t server_port, const Packets& packets) {
        for (unsigned i = 0; i < hosts.size(); ++i) {
            if (hosts[i] != client && hosts[i] != server) { continue; }
            Packets shifted = packets;
            for (auto& t : shifted.request) { t += i; }
            for (auto& t : shifted.reply) { t += i; }
            flows.push_back(make_flow(observers[i].name, i, client, port, server, server_port, shifted));
        }
    }
    std::unique_ptr<flow::MemorySource> source() { return std::make_unique<flow::MemorySource>(observers, flows, declared); }
    std::vector<unsigned> hosts;
};

World make_world(std::initializer_list<unsigned> watched, bool background = true) {
    World w;
    for (const unsigned host : watched) { w.watch("observer-" + std::to_string(host), host); }
    const auto typed = typed_session(100, 20, 200);
    const auto second = relayed(typed, 101, 0.06, 0.02);
    w.add(kSource, 4000, kFirstRelay, 22, typed);
    w.add(kFirstRelay, 4001, kSecondRelay, 22, second);
    w.add(kSecondRelay, 4002, kVictim, 22, relayed(second, 102, 0.09, 0.02));
    if (!background) { return w; }
    for (unsigned i = 0; i < 12; ++i) {
        const auto other = typed_session(200 + i, 10 + 3.0 * i, 180);
        const auto port = static_cast<std::uint16_t>(5000 + i);
        w.add(50 + i, port, kFirstRelay, 22, other);
        const auto on = relayed(other, 300 + i, 0.07, 0.02);
        w.add(kFirstRelay, port, kSecondRelay, 22, on);
        w.add(kSecondRelay, port, 70 + i, 22, relayed(on, 400 + i, 0.05, 0.02));
        w.add(kSource, static_cast<std::uint16_t>(6000 + i), 90, 443, {{30.0 + 15 * i}, {30.1 + 15 * i, 30.2 + 15 * i}});
    }
    return w;
}

const TraceQuery kQuery{{ip(kVictim), net::Port{22}}, ip(kSecondRelay), std::nullopt};

}  // namespace

TEST_CASE("trail: two relays are followed back to the first machine, through clocks that disagree") {
    auto world = make_world({kVictim, kSecondRelay, kFirstRelay, kSource});
    const auto source = world.source();
    const auto result = trace::trace(*source, kQuery, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    const auto& trail = result->trails.front();
    REQUIRE(trail.hops.size() == 2);
    CHECK(trail.hops[0].relay == ip(kSecondRelay));
    CHECK(trail.hops[0].link.inbound->client.port == net::Port{4001});
    CHECK(trail.hops[1].relay == ip(kFirstRelay));
    CHECK(trail.hops[1].link.inbound->client == net::Endpoint{ip(kSource), net::Port{4000}});
    CHECK(trail.hops[1].link.control == Control::forward);
    CHECK(trail.ending.kind == EndingKind::source);
    CHECK(trail.ending.address == ip(kSource));
    CHECK(trail.probability > 0.9);
    CHECK(result->clocks[2].ahead == std::chrono::seconds(2));
}

TEST_CASE("trail: a host that nobody watches is never called the source") {
    for (const auto& watched : {std::initializer_list<unsigned>{kVictim}, {kVictim, kSecondRelay}, {kVictim, kSecondRelay, kFirstRelay}}) {
        auto world = make_world(watched);
        const auto source = world.source();
        const auto result = trace::trace(*source, kQuery, {});
        REQUIRE(result.has_value());
        REQUIRE_FALSE(result->trails.empty());
        CHECK(result->trails.front().hops.size() == watched.size() - 1);
        for (const auto& trail : result->trails) { CHECK(trail.ending.kind != EndingKind::source); }
        CHECK(result->trails.front().ending.kind == EndingKind::relay_upstream_unseen);
    }
}

namespace {
/// A source whose hosts are all watched from their segment's edge only.
class EdgeSource final : public flow::FlowSource {
public:
    explicit EdgeSource(const flow::MemorySource& inner) : inner_(inner), coverage_(inner.coverage().begin(), inner.coverage().end()) {
        for (auto& c : coverage_) { c.basis = flow::CoverageBasis::segment; }
    }
    Result<std::vector<const flow::Flow*>> flows_of(const net::Address& host, Interval interval) const override { return inner_.flows_of(host, interval); }
    Result<void> scan(Interval interval, const std::function<bool(const flow::Flow&)>& visit) const override { return inner_.scan(interval, visit); }
    std::span<const flow::Observer> observers() const override { return inner_.observers(); }
    std::span<const flow::CoveredHost> coverage() const override { return coverage_; }
    Interval interval() const override { return inner_.interval(); }

private:
    const flow::MemorySource& inner_;
    std::vector<flow::CoveredHost> coverage_;
};
}  // namespace

TEST_CASE("trail: seen from its segment's edge a host is never the source, as a neighbour may have driven it") {
    auto world = make_world({kVictim, kSecondRelay, kFirstRelay, kSource});
    const auto source = world.source();
    const auto result = trace::trace(EdgeSource(*source), kQuery, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails.front().hops.size() == 2);
    CHECK(result->trails.front().ending.kind == EndingKind::relay_upstream_unseen);
    CHECK(result->trails.front().ending.address == ip(kSource));
}

TEST_CASE("trail: a host whose own capture lacks a conversation that another observer saw is not called the source") {
    auto world = make_world({kVictim, kSecondRelay, kFirstRelay, kSource}, false);
    std::erase_if(world.flows, [](const flow::Flow& f) { return f.observer == flow::ObserverId{2} && f.client.address == ip(kSource); });
    const auto source = world.source();
    const auto result = trace::trace(*source, kQuery, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails.front().ending.address == ip(kFirstRelay));
    CHECK(result->trails.front().ending.kind == EndingKind::relay_upstream_unseen);
}

TEST_CASE("trail: a host in which somebody typed a while before it acted is not called the source") {
    World world;
    for (const unsigned host : {kVictim, kFirstRelay}) { world.watch("observer-" + std::to_string(host), host); }
    world.add(kSource, 4000, kFirstRelay, 2222, typed_session(1, 20, 60));      // gone when the host acts
    world.add(kFirstRelay, 4001, kVictim, 22, typed_session(2, 150, 120));
    const auto source = world.source();
    const auto result = trace::trace(*source, {{ip(kVictim), net::Port{22}}, std::nullopt, std::nullopt}, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails.front().ending.kind == EndingKind::lost);
}

TEST_CASE("trail: a record that continues one cut by a timeout is not explained as if it had begun there") {
    World world;
    for (const unsigned host : {kVictim, kSource}) { world.watch("observer-" + std::to_string(host), host); }
    world.add(kSource, 4000, kVictim, 22, typed_session(1, 20, 60));
    for (auto& f : world.flows) { f.end = flow::FlowEnd::active_timeout; }
    world.add(kSource, 4000, kVictim, 22, typed_session(2, 90, 90));
    const auto source = world.source();
    const auto at = at_s(120);
    const auto result = trace::trace(*source, {{ip(kVictim), net::Port{22}}, std::nullopt, Interval{at, at}}, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails.front().ending.kind == EndingKind::lost);
}

TEST_CASE("trail: a session too short to be told from chance is lost, not a source") {
    World world;
    for (const unsigned host : {kVictim, kSource}) { world.watch("observer-" + std::to_string(host), host); }
    world.add(kSource, 4000, kVictim, 22, {{20.0, 20.1}, {20.05}});
    const auto source = world.source();
    const auto result = trace::trace(*source, {{ip(kVictim), net::Port{22}}, std::nullopt, std::nullopt}, {});
    REQUIRE(result.has_value());
    REQUIRE(result->trails.size() == 1);
    CHECK(result->trails[0].ending.kind == EndingKind::lost);
}

TEST_CASE("trail: control by call-back is followed to whoever the relay called") {
    World world;
    for (const unsigned host : {kVictim, kFirstRelay}) { world.watch("observer-" + std::to_string(host), host); }
    const auto typed = typed_session(7, 20, 150);
    world.add(kFirstRelay, 4000, kSource, 443, {typed.reply, typed.request});  // the relay opened it; orders are replies
    world.add(kFirstRelay, 4001, kVictim, 22, relayed(typed, 8, 0.1, 0.02));
    for (unsigned i = 0; i < 6; ++i) { world.add(50 + i, 5000, kFirstRelay, 22, typed_session(60 + i, 15, 170)); }
    const auto source = world.source();
    const auto result = trace::trace(*source, {{ip(kVictim), net::Port{22}}, std::nullopt, std::nullopt}, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    REQUIRE(result->trails[0].hops.size() == 1);
    CHECK(result->trails[0].hops[0].link.control == Control::call_back);
    CHECK(result->trails[0].ending.address == ip(kSource));
    CHECK(result->trails[0].ending.kind == EndingKind::relay_upstream_unseen);
}

TEST_CASE("trail: a box with an address on either side is one relay, also when each side has a capture of its own") {
    constexpr unsigned kInside = 21;
    World world;
    world.watch("victim", kVictim);
    world.watch("outside", kFirstRelay);
    world.watch("inside", kInside);
    const auto add = [&](unsigned observer, unsigned client, std::uint16_t port, unsigned server, const Packets& packets) {
        world.flows.push_back(make_flow(world.observers[observer].name, observer, client, port, server, 22, packets));
    };
    const auto typed = typed_session(7, 20, 200);
    const auto on = relayed(typed, 8, 0.05, 0.01);
    add(2, kSource, 4000, kInside, typed);
    add(1, kFirstRelay, 4001, kVictim, on);
    add(0, kFirstRelay, 4001, kVictim, on);
    for (unsigned i = 0; i < 8; ++i) {
        const auto other = typed_session(60 + i, 15 + i, 180);
        add(2, 50 + i, 5000, kInside, other);
        add(1, kFirstRelay, static_cast<std::uint16_t>(5000 + i), 90, relayed(other, 80 + i, 0.05, 0.01));
    }
    const auto source = world.source();
    const TraceQuery query{{ip(kVictim), net::Port{22}}, std::nullopt, std::nullopt};
    TraceOptions options;
    options.boxes = {{ip(kFirstRelay), ip(kInside)}};
    const auto result = trace::trace(*source, query, options);
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->trails.empty());
    REQUIRE(result->trails[0].hops.size() == 1);
    CHECK(result->trails[0].hops[0].relay == ip(kFirstRelay));
    CHECK(result->trails[0].hops[0].link.inbound->client.address == ip(kSource));
    CHECK(result->trails[0].hops[0].other_clients == 8);
    CHECK(result->trails[0].ending.address == ip(kSource));
    const auto apart = trace::trace(*source, query, {});
    REQUIRE(apart.has_value());
    for (const auto& trail : apart->trails) { CHECK(trail.ending.address != ip(kSource)); }
}

TEST_CASE("trail: the data of the unseen host at which the trail ends are what to ask for") {
    auto world = make_world({kVictim, kSecondRelay, kFirstRelay});
    const auto source = world.source();
    const auto result = trace::trace(*source, kQuery, {});
    REQUIRE(result.has_value());
    REQUIRE_FALSE(result->asks.empty());
    CHECK(result->asks[0].address == ip(kSource));
    CHECK(result->asks[0].bits > 0.9);
    CHECK(result->asks[0].when.overlaps({at_s(20), at_s(220)}));
}

TEST_CASE("trail: any number of threads gives the same result") {
    auto world = make_world({kVictim, kSecondRelay, kFirstRelay, kSource});
    const auto source = world.source();
    TraceOptions one;
    TraceOptions two;
    two.link.threads = 2;
    const auto a = trace::trace(*source, kQuery, one);
    const auto b = trace::trace(*source, kQuery, two);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    REQUIRE(a->trails.size() == b->trails.size());
    for (std::size_t i = 0; i < a->trails.size(); ++i) {
        CHECK(a->trails[i].probability == b->trails[i].probability);
        CHECK(a->trails[i].ending.reason == b->trails[i].ending.reason);
    }
}

TEST_CASE("trail: a victim without flows gives no trail and no error") {
    auto world = make_world({kVictim});
    const auto source = world.source();
    const auto result = trace::trace(*source, {{ip(99), net::Port{}}, std::nullopt, std::nullopt}, {});
    REQUIRE(result.has_value());
    CHECK(result->trails.empty());
}

TEST_CASE("trail: a flood of connections at the victim is cut to the likeliest, and the cut is told") {
    World world;
    for (const unsigned host : {kVictim, kSecondRelay}) { world.watch("observer-" + std::to_string(host), host); }
    world.add(kSecondRelay, 4002, kVictim, 22, typed_session(1, 20, 60));
    for (unsigned i = 0; i < 20'000; ++i) {
        world.add(1000 + i, 5000, kVictim, 22, {{20 + 0.001 * i}, {}});
    }
    const auto source = world.source();
    const auto result = trace::trace(*source, {{ip(kVictim), net::Port{22}}, std::nullopt, std::nullopt}, {});
    REQUIRE(result.has_value());
    CHECK(result->truncated);
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails[0].attack->client.address == ip(kSecondRelay));
}

TEST_CASE("trail: a search that is stopped says so and still names where it stood") {
    auto world = make_world({kVictim, kSecondRelay});
    const auto source = world.source();
    std::stop_source stop;
    stop.request_stop();
    TraceOptions options;
    options.link.stop = stop.get_token();
    const auto result = trace::trace(*source, kQuery, options);
    REQUIRE(result.has_value());
    CHECK(result->interrupted);
    REQUIRE_FALSE(result->trails.empty());
    CHECK(result->trails[0].ending.kind == EndingKind::lost);
}
