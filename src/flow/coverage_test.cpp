#include "flow/memory_source.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw;
using namespace hw::flow;

namespace {

net::Address host(std::string_view text) { return *net::parse_address(text); }

/// One end of a conversation as the sensor sees it.
struct End {
    std::string_view address;
    std::uint8_t ttl = 64;
    std::uint32_t interface = 0;
    double answer_ms = 0.3;  ///< How long after the sensor saw the question its answer passes.
};

/// A TCP conversation with data both ways.
Flow talk(const End& client, const End& server, std::uint16_t client_port = 40000) {
    Flow f;
    f.client = {host(client.address), net::Port{client_port}};
    f.server = {host(server.address), net::Port{443}};
    f.protocol = Protocol::tcp;
    f.first = Time::from_micros(1'000'000);
    f.last = Time::from_micros(60'000'000);
    f.request = {.packets = 10, .bytes = 2000, .payload_bytes = 1000, .tcp_flags = tcp_flag::syn | tcp_flag::ack,
                 .ttl_min = client.ttl, .ttl_max = client.ttl, .link_sender = client.interface};
    f.reply = {.packets = 10, .bytes = 2000, .payload_bytes = 1000, .tcp_flags = tcp_flag::syn | tcp_flag::ack,
               .ttl_min = server.ttl, .ttl_max = server.ttl, .link_sender = server.interface};
    const auto us = [](double ms) { return Duration(static_cast<std::int64_t>(ms * 1000)); };
    f.handshake.syn = f.first;
    f.handshake.syn_ack = f.first + us(server.answer_ms);
    f.handshake.ack = *f.handshake.syn_ack + us(client.answer_ms);
    return f;
}

std::vector<std::string> covered(const std::vector<Flow>& flows) {
    const std::vector<Observer> observers = {{.name = "sensor", .interval = {Time::from_micros(0), Time::from_micros(1)}}};
    std::vector<std::string> out;
    for (const CoveredHost& c : infer_coverage(observers, flows)) { out.push_back(net::to_string(c.address)); }
    return out;
}
using Names = std::vector<std::string>;

CoverageBasis basis_of_first(const std::vector<Flow>& flows) {
    const std::vector<Observer> observers = {{.name = "sensor", .interval = {Time::from_micros(0), Time::from_micros(1)}}};
    return infer_coverage(observers, flows).at(0).basis;
}

constexpr std::uint32_t kRouter = 99;

}  // namespace

TEST_CASE("coverage: a capture on a host covers the host and nobody else") {
    const End self{"10.0.0.1", 64, 1};
    const std::vector<Flow> flows = {
        talk({"198.51.100.7", 51, kRouter, 30}, self),
        talk(self, {"203.0.113.9", 115, kRouter, 80}),
        talk({"10.0.0.2", 64, 2}, self),  // a neighbour on the same segment
    };
    CHECK(covered(flows) == Names{"10.0.0.1"});
}

TEST_CASE("coverage: on the victim, a neighbour that is its only peer is not covered, nor is the victim told apart") {
    const End self{"10.0.0.1", 64, 1};
    CHECK(covered({talk({"10.0.0.2", 64, 2}, self), talk({"10.0.0.2", 64, 2}, self, 40001)}).empty());
}

TEST_CASE("coverage: one neighbour under two names does not make the other end a hub") {
    const End self{"10.0.0.1", 64, 1};
    CHECK(covered({talk({"10.0.0.2", 64, 2}, self), talk({"10.0.0.3", 64, 2}, self)}).empty());
}

TEST_CASE("coverage: a mirror of the segment covers its hosts, not those beyond the router") {
    const std::vector<Flow> flows = {
        talk({"198.51.100.7", 51, kRouter, 30}, {"10.0.0.1", 64, 1}),
        talk({"10.0.0.2", 128, 2}, {"203.0.113.9", 115, kRouter, 80}),
        talk({"10.0.0.3", 64, 3}, {"10.0.0.1", 64, 1}),
        talk({"10.0.0.2", 128, 2}, {"10.0.0.1", 64, 1}),
    };
    CHECK(covered(flows) == Names{"10.0.0.1", "10.0.0.2"});
    CHECK(basis_of_first(flows) == CoverageBasis::capture_point);
}

TEST_CASE("coverage: on a router's inside interface the hosts inside are covered, but for what they say to each other") {
    std::vector<Flow> flows;
    for (int i = 1; i <= 3; ++i) {
        const std::string inside = "10.0.0." + std::to_string(i);
        const std::string outside = "198.51.100." + std::to_string(i);
        flows.push_back(talk({inside, 64, static_cast<std::uint32_t>(i)}, {outside, 50, kRouter, 20}));
    }
    CHECK(covered(flows) == Names{"10.0.0.1", "10.0.0.2", "10.0.0.3"});
    CHECK(basis_of_first(flows) == CoverageBasis::segment);
}

TEST_CASE("coverage: on a router's outside interface nobody is covered") {
    std::vector<Flow> flows;
    for (int i = 1; i <= 3; ++i) {
        const std::string inside = "10.0.0." + std::to_string(i);
        const std::string outside = "198.51.100." + std::to_string(i);
        flows.push_back(talk({inside, 63, 5}, {outside, 50, kRouter, 20}));
    }
    flows.push_back(talk({"192.0.2.1", 64, 5}, {"198.51.100.1", 50, kRouter, 20}));  // the router itself, whose interface others share
    CHECK(covered(flows).empty());
}

TEST_CASE("coverage: a remote host that forges its TTL is not covered: it answers too late") {
    // Between two routers; the hosts inside are one hop off.
    std::vector<Flow> flows = {
        talk({"198.51.100.66", 64, 0, 25}, {"10.0.0.1", 63, 0}),
        talk({"10.0.0.2", 63, 0}, {"198.51.100.66", 64, 0, 25}),
        talk({"10.0.0.3", 63, 0}, {"203.0.113.9", 50, 0, 40}),
    };
    CHECK(covered(flows).empty());
    // The same with the capture cut down to that host, as an analyst would.
    flows.pop_back();
    CHECK(covered(flows).empty());
}

TEST_CASE("coverage: a remote host near enough to answer at once is given away by the router's interface") {
    const std::vector<Flow> flows = {
        talk({"198.51.100.66", 64, kRouter, 1}, {"10.0.0.1", 63, 5}),
        talk({"10.0.0.2", 63, 5}, {"198.51.100.66", 64, kRouter, 1}),
        talk({"10.0.0.3", 63, 5}, {"203.0.113.9", 50, kRouter, 40}),
    };
    CHECK(covered(flows).empty());
}

TEST_CASE("coverage: a neighbour of a host with an odd TTL of its own is not covered") {
    const End self{"10.0.0.1", 65, 1};
    CHECK(covered({talk({"10.0.0.2", 64, 2}, self), talk({"10.0.0.3", 64, 3}, self), talk(self, {"203.0.113.9", 50, kRouter, 40})}).empty());
}

TEST_CASE("coverage: an address that also stands for hosts behind it is not covered") {
    const std::vector<Flow> flows = {
        talk({"192.0.2.1", 64, 0}, {"203.0.113.9", 50, 0, 40}),
        talk({"192.0.2.1", 63, 0}, {"203.0.113.10", 50, 0, 40}),  // translated for a host inside
    };
    CHECK(covered(flows).empty());
}

TEST_CASE("coverage: a capture on a TUN device, where no interface is known") {
    const End self{"10.8.0.2", 64};
    CHECK(covered({talk(self, {"203.0.113.9", 50, 0, 40}), talk({"10.8.0.7", 63, 0, 30}, self)}) == Names{"10.8.0.2"});
}

TEST_CASE("coverage: some packets with another TTL do not break it") {
    const End self{"10.0.0.1", 64, 1};
    std::vector<Flow> flows = {talk(self, {"203.0.113.9", 115, kRouter, 80}), talk(self, {"203.0.113.10", 115, kRouter, 80})};
    flows[0].request.ttl_min = 3;  // a probe within the connection, or a forged packet
    Flow trace;                    // traceroute: many ports, answered by ICMP only
    trace.client = {host("10.0.0.1"), net::Port{44444}};
    trace.server = {host("203.0.113.9"), net::Port{33434}};
    trace.protocol = Protocol::udp;
    trace.request = {.packets = 90, .bytes = 5400, .payload_bytes = 3000, .ttl_min = 1, .ttl_max = 30, .link_sender = 1};
    flows.push_back(trace);
    CHECK(covered(flows) == Names{"10.0.0.1"});
}

TEST_CASE("coverage: one-way, group, ICMP and tunnelled traffic makes nobody covered") {
    const End self{"10.0.0.1", 64, 1};
    const auto flows = [&] { return std::vector<Flow>{talk(self, {"203.0.113.9", 115, kRouter, 80}), talk(self, {"203.0.113.10", 115, kRouter, 80})}; };
    REQUIRE(covered(flows()) == Names{"10.0.0.1"});
    auto changed = flows();
    for (Flow& f : changed) { f.tunnel_depth = 1; }
    CHECK(covered(changed).empty());
    changed = flows();
    for (Flow& f : changed) { f.protocol = Protocol::icmp; }
    CHECK(covered(changed).empty());
    changed = flows();
    for (Flow& f : changed) { f.reply = {}; }
    CHECK(covered(changed).empty());
    changed = flows();
    for (Flow& f : changed) { f.server.address = host("239.0.0.1"); }
    CHECK(covered(changed).empty());
    changed = flows();
    for (Flow& f : changed) { f.sampling = 100; }
    CHECK(covered(changed).empty());
    changed = flows();
    for (Flow& f : changed) { f.handshake = {}; }
    CHECK(covered(changed).empty());
}

TEST_CASE("coverage: a log's local hosts, where they speak with others") {
    std::vector<Flow> flows = {talk({"10.0.0.1"}, {"203.0.113.9"}), talk({"10.0.0.2"}, {"10.0.0.3"})};
    flows[0].client_local = true;
    flows[0].server_local = false;
    flows[1].client_local = true;
    flows[1].server_local = true;
    CHECK(covered(flows) == Names{"10.0.0.1"});
}
