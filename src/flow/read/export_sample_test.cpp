#include "flow/read/export_sample.hpp"

#include "flow/read/export_boundary.hpp"
#include "flow/read/export_flows.hpp"
#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

/// A UDP packet of 128 bytes in an Ethernet frame of which only the first bytes were kept.
ExportBytes frame() {
    ExportBytes out;
    out.u64(0x0200000000010200).u32(0x00000002).u16(0x0800);
    out.u8(0x45).u8(0).u16(128).u32(0).u8(63).u8(17).u16(0).u32(0x0a000001).u32(0xc6336401).u16(5353).u16(53).u16(108).u16(0);
    return out;
}
ExportBytes flow_sample(bool expanded, const ExportBytes& record) {
    ExportBytes body;
    body.u32(1);
    if (expanded) { body.u32(0); }
    body.u32(3).u32(512).u32(1000).u32(0);
    body.u32(1).u32(2);
    if (expanded) { body.u32(3).u32(4); }
    body.u32(1).add(record.bytes());
    return ExportBytes().u32(expanded ? 3 : 1).u32(body.size()).add(body.bytes());
}
ExportBytes header_record() {
    const auto packet = frame();
    ExportBytes body;
    body.u32(1).u32(146).u32(4).u32(packet.size()).add(packet.bytes());
    while (body.size() % 4 != 0) { body.u8(0); }
    return ExportBytes().u32(1).u32(body.size()).add(body.bytes());
}
ExportBytes ip_record() { return ExportBytes().u32(3).u32(32).u32(128).u32(17).u32(0x0a000001).u32(0xc6336401).u32(5353).u32(53).u32(0).u32(0); }
ExportBytes datagram(std::uint64_t sequence, std::initializer_list<ExportBytes> samples) {
    ExportBytes out;
    out.u32(5).u32(1).u32(0xc0000209).u32(0).u32(sequence).u32(1000).u32(samples.size());
    for (const auto& sample : samples) { out.add(sample.bytes()); }
    return out;
}

TEST_CASE("sflow: a sampled header, plain or expanded, and sampled IPv4 data tell of the same packet") {
    for (const auto& sample : {flow_sample(false, header_record()), flow_sample(true, header_record()), flow_sample(false, ip_record())}) {
        Exported got;
        got.feed(datagram(1, {sample}));
        REQUIRE(got.records.size() == 1);
        const ExportRecord& r = got.records[0];
        CHECK(r.source == net::Address::v4(0x0a000001));
        CHECK(r.destination_port == 53);
        CHECK(r.bytes == 128);
        CHECK(r.packets == 1);
        CHECK(r.sampling == 512);
        CHECK(r.sampled);
        CHECK(r.first == Time::from_micros(1'416'823'200'000'000));
        CHECK(got.decoder.exporters().front() == net::Address::v4(0xc0000209));  // the agent, not the sender
    }
}

TEST_CASE("sflow: counters are passed over and counted, and so are datagrams that never came") {
    Exported got;
    got.feed(datagram(1, {ExportBytes().u32(2).u32(8).u64(0), flow_sample(false, ip_record())}));
    got.feed(datagram(4, {ExportBytes().u32(5).u32(8).u64(0)}));
    CHECK(got.records.size() == 1);
    CHECK(got.skipped("counter sample: tells of no flow") == 1);
    CHECK(got.skipped("sample of a packet that was dropped there") == 1);
    CHECK(got.skipped("export message lost on the way (sFlow)") == 2);
}

TEST_CASE("sflow: damage anywhere in a datagram is survived and counted") {
    const auto whole = datagram(1, {flow_sample(true, header_record())});
    CHECK(export_message_size(whole.bytes()) == whole.size());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Exported got;
        got.feed(ExportBytes().add(whole.bytes().first(size)));
        CHECK(got.records.empty());
        CHECK(got.report.skipped_total() > 0);
        CHECK_FALSE(export_message_size(whole.bytes().first(size)));
    }
}

TEST_CASE("sflow: drawn packets of a conversation and direction become one pseudo-flow a minute") {
    ExportFlows flows("sflow");
    Exported got;
    for (std::uint64_t i = 0; i < 5; ++i) { got.feed(datagram(i + 1, {flow_sample(false, ip_record())})); }
    flows.add(got.records);
    ReadReport report;
    const std::array<std::uint32_t, 1> rates{512};
    const auto made = flows.take({.addresses = got.decoder.exporters(), .late_rates = rates}, report);
    REQUIRE(made.size() == 1);
    CHECK(made[0].request.packets == 5);
    CHECK(made[0].request.bytes == 640);
    CHECK(made[0].sampling == 512);
    CHECK(net::number(made[0].server.port) == 53);
}

TEST_CASE("export decoder: an IPFIX record that holds a packet's first bytes is taken apart like a captured one") {
    Exported got;
    const auto packet = frame();
    got.feed(ipfix_message(0, {export_set(2, export_template(256, {{10, 4, 0}, {312, 2, 0}, {315, kVariableLength, 0}})),
                               export_set(256, ExportBytes().u32(1).u16(142).u8(packet.size()).add(packet.bytes()))}));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].destination_port == 53);
    CHECK(got.records[0].bytes == 128);
    CHECK(got.records[0].sampled);
}

}  // namespace
