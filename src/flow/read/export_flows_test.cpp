#include "flow/read/export_flows.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint8_t kWhole = tcp_flag::syn | tcp_flag::ack | tcp_flag::fin;

ExportRecord record(bool forward, double first, double last, std::uint64_t packets = 10, std::uint8_t flags = kWhole, std::uint8_t protocol = 6) {
    ExportRecord r;
    r.source = net::Address::v4(forward ? 0x0a000001 : 0xc6336401);
    r.destination = net::Address::v4(forward ? 0xc6336401 : 0x0a000001);
    r.source_port = forward ? 40000 : 8443;
    r.destination_port = forward ? 8443 : 40000;
    r.protocol = protocol;
    r.tcp_flags = flags;
    r.first = Time::from_micros(static_cast<std::int64_t>(first * static_cast<double>(kSecond)));
    r.last = Time::from_micros(static_cast<std::int64_t>(last * static_cast<double>(kSecond)));
    r.packets = packets;
    r.bytes = packets * 100;
    return r;
}

std::vector<Flow> flows_of(std::initializer_list<ExportRecord> records, ReadReport* out = nullptr) {
    ExportFlows flows("router");
    for (const auto& r : records) { flows.add(r); }
    ReadReport report;
    const std::array exporters{net::Address::v4(0xc0000201)};
    const std::array<std::uint32_t, 1> rates{0};
    auto made = flows.take(exporters, rates, report);
    if (out != nullptr) { *out = report; }
    return made;
}

TEST_CASE("export flows: two directions of one conversation become one flow, the earlier being the client's") {
    for (const bool turned : {false, true}) {
        const auto flows = turned ? flows_of({record(false, 100.05, 110), record(true, 100, 110.1, 12)}) : flows_of({record(true, 100, 110.1, 12), record(false, 100.05, 110)});
        REQUIRE(flows.size() == 1);
        CHECK(flows[0].client == net::Endpoint{net::Address::v4(0x0a000001), net::Port{40000}});
        CHECK(flows[0].request.packets == 12);
        CHECK(flows[0].reply.packets == 10);
        CHECK(flows[0].basis == InitiatorBasis::syn);
        CHECK(flows[0].first == Time::from_micros(100 * kSecond));
        CHECK(flows[0].last == Time::from_micros(110'100'000));
        CHECK(flows[0].end == FlowEnd::end_of_flow);
        CHECK(flows[0].request.payload_bytes == 0);
    }
}

TEST_CASE("export flows: who alone sent a SYN is the client, whatever the clock says") {
    const auto flows = flows_of({record(false, 100, 110, 10, tcp_flag::ack), record(true, 100.5, 110, 10, tcp_flag::syn | tcp_flag::ack)});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].client.port) == 40000);
    CHECK(flows[0].basis == InitiatorBasis::syn);
}

TEST_CASE("export flows: with equal times the lower port serves") {
    const auto flows = flows_of({record(false, 100, 110, 10, tcp_flag::ack), record(true, 100, 110, 10, tcp_flag::ack)});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].server.port) == 8443);
    CHECK(flows[0].basis == InitiatorBasis::port);
}

TEST_CASE("export flows: directions that do not meet in time stay apart") {
    CHECK(flows_of({record(true, 100, 110), record(false, 115.1, 120)}).size() == 2);
    CHECK(flows_of({record(true, 100, 110), record(false, 114.9, 120)}).size() == 1);
}

TEST_CASE("export flows: pieces that an active timeout cut are marked, and paired each with its own") {
    const auto flows = flows_of({record(true, 100, 160, 60, tcp_flag::syn | tcp_flag::ack), record(false, 100.1, 160.2, 50, tcp_flag::syn | tcp_flag::ack),
                                 record(true, 160.5, 220, 61, tcp_flag::ack), record(false, 160.6, 220.1, 51, tcp_flag::ack),
                                 record(true, 220.5, 230, 10, tcp_flag::ack | tcp_flag::fin), record(false, 220.6, 230, 9, tcp_flag::ack | tcp_flag::fin)});
    REQUIRE(flows.size() == 3);
    CHECK(flows[0].end == FlowEnd::active_timeout);
    CHECK(flows[1].end == FlowEnd::active_timeout);
    CHECK(flows[1].request.packets == 61);
    CHECK(flows[1].reply.packets == 51);
    CHECK(flows[2].end == FlowEnd::end_of_flow);
}

TEST_CASE("export flows: a copy of the same packets at the interface they left by counts once") {
    auto in = record(true, 100, 110);
    auto out = record(true, 100, 110);
    in.leaving = 0;
    out.leaving = 1;
    ReadReport report;
    const auto flows = flows_of({in, out, record(false, 100.1, 110)}, &report);
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].request.packets == 10);
    CHECK(report.skipped.at("second record of the same packets").count == 1);
}

TEST_CASE("export flows: of counts since the beginning only the last is taken") {
    auto early = record(true, 100, 130, 10, tcp_flag::ack);
    auto late = record(true, 100, 160, 25, tcp_flag::ack);
    early.cumulative = true;
    late.cumulative = true;
    const auto flows = flows_of({early, late});
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].request.packets == 25);
}

TEST_CASE("export flows: an answer seen alone is the server's where a service's port says so") {
    auto alone = record(false, 100, 110, 4, 0, 17);
    alone.source_port = 53;
    const auto flows = flows_of({alone});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].server.port) == 53);
    CHECK(flows[0].request.packets == 0);
    CHECK(flows[0].reply.packets == 4);
}

TEST_CASE("export flows: an echo reply's destination has asked") {
    auto reply = record(true, 100, 101, 2, 0, 1);
    reply.source_port = 0;
    reply.destination_port = 0;
    auto ask = record(false, 100, 101, 2, 0, 1);
    ask.source_port = 0;
    ask.destination_port = 0;
    reply.echo_reply = true;
    const auto flows = flows_of({ask, reply});
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].client.address == ask.source);
}

}  // namespace
