#include "flow/read/assembly.hpp"

#include "flow/read/test_packets.hpp"
#include "flow/rejoin.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

constexpr std::uint8_t kSynAck = tcp_flag::syn | tcp_flag::ack;
constexpr std::uint8_t kFinAck = tcp_flag::fin | tcp_flag::ack;

/// Segments of the connection 10.0.0.1:40000 → 192.0.2.1:22.
struct Connection {
    PcapFile file;
    std::uint16_t client_port = 40000;
    std::uint16_t server_port = 22;

    Connection& up(double t, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack = 0, std::size_t payload = 0) {
        file.add(at(t), ethernet(ipv4({.source = kClient, .destination = kServer}, 6,
                                      tcp({client_port, server_port, flags, seq, ack, std::uint16_t(flags == tcp_flag::syn ? 1460 : 0)}, payload))));
        return *this;
    }
    Connection& down(double t, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack = 0, std::size_t payload = 0) {
        file.add(at(t), ethernet(ipv4({.source = kServer, .destination = kClient, .ttl = 55}, 6, tcp({server_port, client_port, flags, seq, ack}, payload))));
        return *this;
    }
    Connection& open(double t, std::uint32_t isn = 1000) {
        return up(t, tcp_flag::syn, isn).down(t + 0.05, kSynAck, 9000, isn + 1).up(t + 0.051, tcp_flag::ack, isn + 1, 9001);
    }
};

}  // namespace

TEST_CASE("assembly: one connection is one flow with its handshake, counts and activity") {
    Connection c;
    c.open(0).up(1, tcp_flag::ack, 1001, 9001, 100).down(1.1, tcp_flag::ack, 9001, 1101, 300).up(1.2, tcp_flag::ack, 1101, 9301);
    c.up(2, kFinAck, 1101, 9301).down(2.1, kFinAck, 9301, 1102).up(2.2, tcp_flag::ack, 1102, 9302);
    const Outcome read = read_file(c.file);
    REQUIRE(read.result);
    REQUIRE(read.flows.size() == 1);
    const Flow& flow = read.flows[0];
    CHECK(net::to_string(flow.client) == "10.0.0.1:40000");
    CHECK(net::to_string(flow.server) == "192.0.2.1:22");
    CHECK(flow.basis == InitiatorBasis::syn);
    CHECK(flow.end == FlowEnd::end_of_flow);
    CHECK(flow.first == at(0));
    CHECK(flow.last == at(2.2));
    CHECK(flow.request.packets == 6);
    CHECK(flow.reply.packets == 3);
    CHECK(flow.request.payload_bytes == 100);
    CHECK(flow.reply.payload_bytes == 300);
    CHECK(flow.request.bytes == 6 * 40 + 4 + 100);
    CHECK(flow.request.tcp_flags == (tcp_flag::syn | tcp_flag::ack | tcp_flag::fin));
    CHECK(flow.reply.ttl_min == 55);
    CHECK(flow.reply.ttl_max == 55);
    CHECK(flow.handshake.syn == at(0));
    CHECK(flow.handshake.syn_ack == at(0.05));
    CHECK(flow.handshake.ack == at(0.051));
    CHECK(flow.handshake.first_request == at(1));
    CHECK(flow.handshake.first_reply == at(1.1));
    CHECK(flow.handshake.client_mss == 1460);
    CHECK(flow.handshake.server_window == 64240);
    const auto request = flow.activity.bins(Direction::request);
    REQUIRE(request.size() == 1);
    CHECK(request[0] == ActivityBin{bin_index(at(1), kActivityBinWidth), 1, 100});
    CHECK(flow.activity.bins(Direction::reply).size() == 1);
    CHECK(read.report.records == 9);
    CHECK(read.report.flows == 1);
    CHECK(read.report.skipped.empty());
}

TEST_CASE("assembly: retransmissions and keep-alives are packets, but no activity") {
    Connection c;
    c.open(0).up(1, tcp_flag::ack, 1001, 9001, 100).up(2, tcp_flag::ack, 1001, 9001, 100).up(3, tcp_flag::ack, 1100, 9001, 1);
    c.up(4, tcp_flag::ack, 1051, 9001, 100);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].request.packets == 6);
    CHECK(read.flows[0].request.payload_bytes == 150);
    const auto bins = read.flows[0].activity.bins(Direction::request);
    REQUIRE(bins.size() == 2);
    CHECK(bins[1] == ActivityBin{bin_index(at(4), kActivityBinWidth), 1, 50});
}

TEST_CASE("assembly: who opened follows from the SYN-ACK when the SYN was not captured") {
    Connection c;
    c.down(0, kSynAck, 9000, 1001).up(0.1, tcp_flag::ack, 1001, 9001);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(number(read.flows[0].server.port) == 22);
    CHECK(read.flows[0].basis == InitiatorBasis::syn);
    CHECK_FALSE(read.flows[0].handshake.syn);
    CHECK(read.flows[0].handshake.ack == at(0.1));
}

TEST_CASE("assembly: a connection picked up in its middle goes by its ports, else by its first packet") {
    Connection by_port;
    by_port.down(0, tcp_flag::ack, 5000, 1, 10).up(0.1, tcp_flag::ack, 1, 5010, 10);
    const Outcome read = read_file(by_port.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(number(read.flows[0].server.port) == 22);
    CHECK(read.flows[0].basis == InitiatorBasis::port);

    Connection by_packet;
    by_packet.server_port = 50000;
    by_packet.down(0, tcp_flag::ack, 5000, 1, 10).up(0.1, tcp_flag::ack, 1, 5010, 10);
    const Outcome second = read_file(by_packet.file);
    REQUIRE(second.flows.size() == 1);
    CHECK(number(second.flows[0].client.port) == 50000);
    CHECK(second.flows[0].basis == InitiatorBasis::first_packet);
}

TEST_CASE("assembly: without connections the first packet's sender is the client") {
    PcapFile file;
    file.add(at(0), ethernet(ipv4({.source = kServer, .destination = kClient}, 17, udp(53, 5353, zeros(10)))));
    file.add(at(1), ethernet(ipv4({.source = kClient, .destination = kServer}, 17, udp(5353, 53, zeros(20)))));
    const Outcome read = read_file(file);
    REQUIRE(read.flows.size() == 1);
    CHECK(number(read.flows[0].client.port) == 53);
    CHECK(read.flows[0].request.payload_bytes == 10);
    CHECK(read.flows[0].activity.bins(Direction::reply).size() == 1);
}

TEST_CASE("assembly: a ping belongs to who asked, even when the answer is seen first") {
    PcapFile file;
    file.add(at(0), ethernet(ipv4({.source = kServer, .destination = kClient}, 1, hex("0000 0000 0001 0001"))));
    const Outcome read = read_file(file);
    REQUIRE(read.flows.size() == 1);
    CHECK(net::to_string(read.flows[0].client.address) == "10.0.0.1");
}

TEST_CASE("assembly: silence longer than the idle timeout ends a flow") {
    Connection c;
    c.open(0).up(300.05, tcp_flag::ack, 1001, 9001, 1).up(601, tcp_flag::ack, 1002, 9001, 1);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 2);
    CHECK(read.flows[0].end == FlowEnd::idle_timeout);
    CHECK(read.flows[0].last == at(300.05));
    CHECK(read.flows[1].end == FlowEnd::forced_end);
    CHECK(read.flows[1].first == at(601));
}

TEST_CASE("assembly: other traffic's clock ends a silent flow as well, at the same place") {
    Connection c;
    c.open(0);
    for (int t = 1; t < 1000; ++t) { c.file.add(at(t), ethernet(ipv4({.source = 1, .destination = 2}, 17, udp(1, 2, {})))); }
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 2);
    CHECK(read.flows[0].end == FlowEnd::idle_timeout);
    CHECK(read.flows[1].request.packets == 999);
}

TEST_CASE("assembly: the active timeout cuts a record; the next keeps the roles and the sequence") {
    Connection c;
    c.open(0);
    for (int t = 1; t <= 100; ++t) {
        c.up(t, tcp_flag::ack, 1001 + 10 * static_cast<std::uint32_t>(t - 1), 9001, 10);
        c.up(t + 0.5, tcp_flag::ack, 1001 + 10 * static_cast<std::uint32_t>(t - 1), 9001, 10);  // each twice
    }
    ReadOptions options;
    options.timeouts.active = std::chrono::seconds(30);
    const Outcome read = read_file(c.file, options);
    REQUIRE(read.flows.size() == 4);
    std::uint64_t payload = 0;
    for (const Flow& flow : read.flows) {
        CHECK(number(flow.server.port) == 22);
        CHECK(flow.basis == InitiatorBasis::syn);
        payload += flow.request.payload_bytes;
    }
    CHECK(payload == 1000);
    CHECK(read.flows[0].end == FlowEnd::active_timeout);
    CHECK(read.flows[3].end == FlowEnd::forced_end);
}

TEST_CASE("assembly: a port used again after the end is a new flow; a repeated SYN is not") {
    Connection c;
    c.open(0).up(1, kFinAck, 1001, 9001).down(1.1, kFinAck, 9001, 1002).up(1.2, tcp_flag::ack, 1002, 9002);
    c.open(5, 77'000);
    CHECK(read_file(c.file).flows.size() == 2);

    Connection reset;
    reset.open(0).down(1, tcp_flag::rst, 9001).open(2, 77'000);
    CHECK(read_file(reset.file).flows.size() == 2);

    Connection repeated;
    repeated.up(0, tcp_flag::syn, 1000).up(1, tcp_flag::syn, 1000).up(3, tcp_flag::syn, 1000);
    const Outcome read = read_file(repeated.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].handshake.syn == at(0));

    Connection scan;
    scan.up(0, tcp_flag::syn, 1000).up(1, tcp_flag::syn, 2000);
    CHECK(read_file(scan.file).flows.size() == 2);
}

TEST_CASE("assembly: a forged SYN or reset within a conversation does not cut it") {
    Connection c;
    c.open(0).up(1, tcp_flag::ack, 1001, 9001, 10).down(1.1, tcp_flag::ack, 9001, 1011, 10);
    c.up(1.5, tcp_flag::syn, 0x7000'0000).down(1.6, tcp_flag::rst, 9011);
    c.up(2, tcp_flag::ack, 1011, 9011, 10).down(40, tcp_flag::ack, 9011, 1021, 10);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(number(read.flows[0].server.port) == 22);
    CHECK(read.flows[0].request.payload_bytes == 20);
    CHECK(read.flows[0].end == FlowEnd::forced_end);
}

TEST_CASE("assembly: an answer that does not name the question's number gives no round trip") {
    Connection c;
    c.up(0, tcp_flag::syn, 1000).down(0.001, kSynAck, 9000, 4711).down(0.05, kSynAck, 9000, 1001);
    c.up(0.0501, tcp_flag::ack, 1001, 1234).up(0.08, tcp_flag::ack, 1001, 9001);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].handshake.syn_ack == at(0.05));
    CHECK(read.flows[0].handshake.ack == at(0.08));
}

TEST_CASE("assembly: past the cap on live flows the longest idle are ended early, and counted") {
    PcapFile file;
    for (int i = 0; i < 1000; ++i) {
        file.add(at(i * 0.001), ethernet(ipv4({.source = kClient + static_cast<std::uint32_t>(i), .destination = kServer}, 17, udp(1, 2, {}))));
    }
    ReadOptions options;
    options.max_live_flows = 100;
    const Outcome read = read_file(file, options);
    CHECK(read.flows.size() == 1000);
    CHECK(std::ranges::count(read.flows, FlowEnd::lack_of_resources, &Flow::end) == 900);
    CHECK(read.report.skipped.at("flow ended early: too many alive at a time").count == 900);
}

TEST_CASE("assembly: one packet from the far future ends nothing but its own flow") {
    Connection c;
    c.open(0);
    c.file.add(at(1e8), ethernet(ipv4({.source = 1, .destination = 2}, 17, udp(1, 2, {}))));
    c.up(1, tcp_flag::ack, 1001, 9001, 10).up(2, tcp_flag::ack, 1011, 9001, 10);
    const Outcome read = read_file(c.file);
    REQUIRE(read.flows.size() == 2);
    CHECK(read.flows[0].request.payload_bytes == 20);
}

TEST_CASE("assembly: the result does not depend on the key of the hash") {
    std::vector<std::vector<Flow>> runs;
    for (const std::uint64_t seed : {1ULL, 2ULL}) {
        ReadReport report;
        std::vector<Flow> flows;
        AssemblyOptions options;
        options.observer_name = "x";
        options.hash_seed = seed;
        Assembler assembler(options, [&](Flow&& f) { flows.push_back(std::move(f)); }, report);
        std::vector<Packet> packets;
        for (std::uint32_t i = 0; i < 20'000; ++i) {
            packets.push_back({.source = net::Address::v4(kClient + i % 3000), .destination = net::Address::v4(kServer + i % 7),
                               .time = at(i * 0.05), .bytes = 100, .payload = 60, .source_port = 1, .destination_port = 2, .protocol = 17});
        }
        for (std::size_t i = 0; i < packets.size(); i += 64) { assembler.add(std::span(packets).subspan(i, std::min<std::size_t>(64, packets.size() - i))); }
        assembler.finish();
        CHECK(assembler.live() == 0);
        runs.push_back(std::move(flows));
    }
    CHECK(runs[0] == runs[1]);
}

TEST_CASE("assembly: a cut hands over what there is, and the conversation goes on with its roles and without its bytes counted twice") {
    Connection before;
    before.server_port = 50'000;
    before.open(0).up(1, tcp_flag::ack, 1001, 9001, 100);
    Connection after;
    after.server_port = 50'000;
    after.down(5, tcp_flag::ack, 9001, 1101, 300).up(6, tcp_flag::ack, 1001, 9301, 100).up(6.5, tcp_flag::ack, 1101, 9301, 50);
    std::vector<Flow> flows;
    ReadReport report;
    CaptureReader reader("x", ObserverId{}, {}, [&](Flow&& flow) { flows.push_back(std::move(flow)); });
    MemoryBytes first(before.file.bytes);
    REQUIRE(reader.read(first, report));
    reader.cut(at(-1));
    CHECK(flows.empty());
    reader.cut(at(2));
    reader.cut(at(3));
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].end == FlowEnd::active_timeout);
    CHECK(flows[0].request.payload_bytes == 100);
    reader.snapshot([](Flow&&) { FAIL("nothing has come since"); });
    MemoryBytes second(after.file.bytes);
    REQUIRE(reader.read(second, report));
    reader.finish(report);
    REQUIRE(flows.size() == 2);
    CHECK(flows[1].client == flows[0].client);
    CHECK(flows[1].basis == InitiatorBasis::syn);
    CHECK(flows[1].first == at(5));
    CHECK(flows[1].reply.payload_bytes == 300);
    CHECK(flows[1].request.payload_bytes == 50);
    const auto joined = rejoin(flows);
    REQUIRE(joined.size() == 1);
    CHECK(joined[0].request.packets == 5);
    CHECK(joined[0].request.payload_bytes == 150);
}
