#include "flow/read/connection_probe.hpp"

#include "flow/read/test_handshakes.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

/// One connection from `kClient` port 40000 to `kServer` port 443, packet by packet; times in milliseconds.
class Wire {
public:
    Wire& syn(double at) { return send(true, at, tcp_flag::syn, 1000, 0, {}); }
    Wire& syn_ack(double at) { return send(false, at, tcp_flag::syn | tcp_flag::ack, 5000, 1001, {}); }
    /// Sequence and acknowledgement count from the first byte of either side.
    Wire& client(double at, std::uint32_t sequence, std::uint32_t acknowledges, const Bytes& payload = {}) {
        return send(true, at, tcp_flag::ack, 1001 + sequence, 5001 + acknowledges, payload);
    }
    Wire& server(double at, std::uint32_t sequence, std::uint32_t acknowledges, const Bytes& payload = {}) {
        return send(false, at, tcp_flag::ack, 5001 + sequence, 1001 + acknowledges, payload);
    }
    [[nodiscard]] ConnectionTimings only() {
        const auto all = probe_.finish();
        REQUIRE(all.size() == 1);
        return all.front();
    }
    ConnectionProbe probe_{ObserverId{3}, 7, 8};

private:
    Wire& send(bool client, double at_ms, unsigned flags, std::uint32_t sequence, std::uint32_t acknowledges, const Bytes& payload) {
        Packet packet;
        const auto a = net::Address::v4(kClient);
        const auto b = net::Address::v4(kServer);
        packet.source = client ? a : b;
        packet.destination = client ? b : a;
        packet.source_port = client ? 40'000 : 443;
        packet.destination_port = client ? 443 : 40'000;
        packet.protocol = 6;
        packet.tcp = true;
        packet.tcp_flags = static_cast<std::uint8_t>(flags);
        packet.sequence = sequence;
        packet.acknowledgement = acknowledges;
        packet.payload = static_cast<std::uint32_t>(payload.size());
        packet.ttl = 57;
        packet.mss = 1460;
        packet.time = at(at_ms / 1000);
        probe_.see(packet, payload);
        return *this;
    }
};

}  // namespace

TEST_CASE("probe: the opening gives the round trip to either end's TCP, the handshake to whoever speaks") {
    Wire wire;
    wire.syn(0).syn_ack(2).client(22, 0, 0).client(23, 0, 0, client_hello());
    wire.server(25, 0, 517, server_hello()).client(46, 517, 123).client(105, 517, 123, application_data());
    const ConnectionTimings timings = wire.only();
    CHECK(timings.observer == ObserverId{3});
    CHECK(timings.client_end.transport == std::vector<std::uint32_t>{20'000, 21'000});
    CHECK(timings.client_end.transport_min == 20'000);
    CHECK(timings.server_end.transport == std::vector<std::uint32_t>{2'000, 2'000});
    CHECK(timings.client_end.far == std::vector<FarSample>{{FarMethod::tls13_finished, 80'000}});
    CHECK(timings.client_end.ttl == 57);
    CHECK(timings.client_end.mss == 1460);
}

TEST_CASE("probe: what was sent twice measures nothing (Karn)") {
    Wire wire;
    wire.syn(0).syn_ack(2).syn_ack(1002).client(1022, 0, 0).client(1023, 0, 0, client_hello());
    wire.server(1025, 0, 517, server_hello()).server(1325, 0, 517, server_hello()).client(1345, 517, 123, application_data());
    const ConnectionTimings timings = wire.only();
    CHECK(timings.client_end.transport.empty());
    CHECK(timings.client_end.far.empty());
    CHECK(timings.has(Unmeasured::disturbed));
}

TEST_CASE("probe: an answer that came sooner than light would let it is none") {
    Wire wire;
    wire.syn(0).syn_ack(2).client(82, 0, 0).client(83, 0, 0, client_hello());
    wire.server(85, 0, 517, server_hello()).client(95, 517, 0, application_data());
    const ConnectionTimings timings = wire.only();
    CHECK(timings.client_end.far.empty());
    CHECK(timings.has(Unmeasured::unprompted));
}

TEST_CASE("probe: without its beginning a connection is not followed, and a scan leaves nothing") {
    Wire middle;
    middle.client(0, 500, 500, application_data()).server(5, 500, 600);
    CHECK(middle.probe_.finish().empty());
    Wire scan;
    scan.syn(0);
    CHECK(scan.probe_.finish().empty());
}

TEST_CASE("probe: bytes that the capture lacks are a gap, and the handshake beyond it is taken up again") {
    Wire wire;
    wire.syn(0).syn_ack(1).client(21, 0, 0).client(22, 0, 0, client_hello());
    wire.server(23, 0, 517, server_hello()).server(24, 1623, 517, application_data(100)).client(64, 517, 1728, application_data());
    const ConnectionTimings timings = wire.only();
    CHECK(timings.client_end.far.empty());  // it may have answered what was not captured
    CHECK(timings.has(Unmeasured::disturbed));
}

TEST_CASE("probe: no more connections are followed than it was told to") {
    ConnectionProbe probe(ObserverId{}, 1, 2);
    Packet packet;
    packet.protocol = 6;
    packet.tcp = true;
    packet.tcp_flags = tcp_flag::syn;
    for (std::uint16_t port = 1; port <= 5; ++port) {
        packet.source_port = port;
        probe.see(packet, {});
    }
    CHECK(probe.passed_over() == 3);
}
