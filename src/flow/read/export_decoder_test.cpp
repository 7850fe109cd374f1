#include "flow/read/export_decoder.hpp"

#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

constexpr std::uint64_t kSource = 0x0a000001;
constexpr std::uint64_t kDestination = 0xc6336401;
constexpr std::uint64_t kNow = 1'416'823'200;  // 2014-11-24T10:00:00Z

/// Addresses, ports, protocol, packets, bytes, milliseconds of begin and end.
ExportBytes plain_template(std::uint64_t id) {
    return export_template(id, {{8, 4, 0}, {12, 4, 0}, {7, 2, 0}, {11, 2, 0}, {4, 1, 0}, {2, 4, 0}, {1, 4, 0}, {152, 8, 0}, {153, 8, 0}});
}
ExportBytes plain_record(std::uint64_t packets = 3, std::uint64_t bytes = 300) {
    ExportBytes record;
    record.u32(kSource).u32(kDestination).u16(40000).u16(443).u8(6).u32(packets).u32(bytes).u64(kNow * 1000 - 5000).u64(kNow * 1000 - 1000);
    return record;
}

TEST_CASE("export decoder: NetFlow v5 gives every field, with times by the header's clock") {
    ExportBytes message;
    message.u16(5).u16(1).u32(100'000).u32(kNow).u32(500'000'000).u32(1).u8(0).u8(0).u16(0x4000 | 100);
    message.u32(kSource).u32(kDestination).u32(0).u16(1).u16(2).u32(7).u32(700).u32(90'000).u32(95'000).u16(40000).u16(22).u8(0).u8(0x1b).u8(6).u8(0).u32(0).u32(0);
    Exported got;
    got.feed(message);
    REQUIRE(got.records.size() == 1);
    const ExportRecord& r = got.records.front();
    CHECK(r.source == net::Address::v4(kSource));
    CHECK(r.destination == net::Address::v4(kDestination));
    CHECK(r.source_port == 40000);
    CHECK(r.destination_port == 22);
    CHECK(r.packets == 7);
    CHECK(r.bytes == 700);
    CHECK(r.tcp_flags == 0x1b);
    CHECK(r.sampling == 100);
    CHECK(r.first == Time::from_micros(static_cast<std::int64_t>(kNow) * 1'000'000 + 500'000 - 10'000'000));
    CHECK(r.last == Time::from_micros(static_cast<std::int64_t>(kNow) * 1'000'000 + 500'000 - 5'000'000));
    CHECK(got.report.records == 1);
}

TEST_CASE("export decoder: an uptime that has begun anew is not taken for the future") {
    Exported got;
    got.feed(v9_message(0, {export_set(0, export_template(256, {{8, 4, 0}, {12, 4, 0}, {2, 4, 0}, {1, 4, 0}, {22, 4, 0}, {21, 4, 0}})),
                            export_set(256, ExportBytes().u32(kSource).u32(kDestination).u32(1).u32(60).u32(0xffff'f000).u32(100))}, 5000));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].first == Time::from_micros(static_cast<std::int64_t>(kNow) * 1'000'000 - (5000 + 0x1000) * 1000));
    CHECK(got.records[0].last == Time::from_micros(static_cast<std::int64_t>(kNow) * 1'000'000 - 4900 * 1000));
}

TEST_CASE("export decoder: data before their template wait and are decoded when it comes") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(256, plain_record(5))}));
    CHECK(got.records.empty());
    got.feed(ipfix_message(1, {export_set(256, plain_record(6))}));
    got.feed(ipfix_message(2, {export_set(2, plain_template(256))}));
    REQUIRE(got.records.size() == 2);
    CHECK(got.records[0].packets == 5);
    CHECK(got.records[1].packets == 6);
    CHECK(got.report.skipped_total() == 0);
}

TEST_CASE("export decoder: data whose template never comes are counted at the end, and past the limit at once") {
    ExportLimits limits;
    limits.scope_waiting = 40;
    Exported got(limits);
    got.feed(ipfix_message(0, {export_set(256, plain_record())}));
    got.feed(ipfix_message(1, {export_set(256, plain_record())}));
    CHECK(got.skipped("data set without its template") == 1);
    got.decoder.finish(got.report);
    CHECK(got.skipped("data set without its template") == 2);
    CHECK(got.records.empty());
}

TEST_CASE("export decoder: a template belongs to its address, port and domain alone") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, plain_template(256))}));
    got.feed(ipfix_message(0, {export_set(256, plain_record())}), 2056);
    got.feed(ipfix_message(0, {export_set(256, plain_record())}, 2));
    got.feed(ipfix_message(0, {export_set(256, plain_record())}), 2055, 0xc0000202);
    CHECK(got.records.empty());
    got.feed(ipfix_message(0, {export_set(256, plain_record())}));
    CHECK(got.records.size() == 1);
    CHECK(got.decoder.exporters().size() == 2);
}

TEST_CASE("export decoder: a withdrawn template is forgotten, and a new one under its number holds") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, plain_template(256))}));
    got.feed(ipfix_message(0, {export_set(2, ExportBytes().u16(256).u16(0))}));
    got.feed(ipfix_message(0, {export_set(256, plain_record())}));
    CHECK(got.records.empty());
    got.feed(ipfix_message(1, {export_set(2, plain_template(256))}));
    CHECK(got.records.size() == 1);
}

TEST_CASE("export decoder: a datagram overtaken by a new template is still read by the old one") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, plain_template(256))}));
    got.feed(ipfix_message(0, {export_set(2, export_template(256, {{8, 4, 0}, {12, 4, 0}, {2, 8, 0}, {1, 8, 0}}))}));
    got.feed(ipfix_message(0, {export_set(256, plain_record(9))}));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].packets == 9);
    got.feed(ipfix_message(1, {export_set(256, ExportBytes().u32(kSource).u32(kDestination).u64(4).u64(400))}));
    REQUIRE(got.records.size() == 2);
    CHECK(got.records[1].packets == 4);
}

TEST_CASE("export decoder: variable lengths, reduced sizes, unknown and structured elements are passed over by length") {
    Exported got;
    const auto made = export_template(300, {{82, kVariableLength, 0}, {8, 4, 0}, {291, kVariableLength, 0}, {12, 4, 0}, {2, 3, 0}, {1, 1, 0}, {99, 5, 4711}, {153, 8, 0}});
    ExportBytes record;
    record.u8(3).put(0x657468, 3).u32(kSource).u8(255).u16(300);
    for (int i = 0; i < 300; ++i) { record.u8(0xee); }
    record.u32(kDestination).put(70'000, 3).u8(200).put(0, 5).u64(kNow * 1000);
    got.feed(ipfix_message(0, {export_set(2, made), export_set(300, record)}));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].source == net::Address::v4(kSource));
    CHECK(got.records[0].destination == net::Address::v4(kDestination));
    CHECK(got.records[0].packets == 70'000);
    CHECK(got.records[0].bytes == 200);
}

TEST_CASE("export decoder: a field of giant length harms nothing") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, export_template(256, {{8, 0xfffe, 0}, {12, 0xfffe, 0}, {2, 0xfffe, 0}})), export_set(256, plain_record())}));
    CHECK(got.records.empty());
    CHECK(got.skipped("set ends inside a record") == 1);
    got.feed(ipfix_message(0, {export_set(2, export_template(257, {{82, kVariableLength, 0}, {8, 4, 0}})), export_set(257, ExportBytes().u8(255).u16(0xffff).u32(kSource).u32(0))}));
    CHECK(got.records.empty());
}

TEST_CASE("export decoder: a template of records without a byte is refused, so that no set is endless") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, export_template(256, {{8, 0, 0}, {12, 0, 0}})), export_set(256, ExportBytes().u64(0))}));
    got.feed(v9_message(0, {export_set(0, ExportBytes().u16(256).u16(0)), export_set(256, ExportBytes().u64(0))}));
    CHECK(got.records.empty());
    CHECK(got.skipped("template of records without a byte") == 2);
}

TEST_CASE("export decoder: a flood of templates stays within its limits and is counted") {
    ExportLimits limits;
    limits.scope_templates = 8;
    limits.scopes = 4;
    Exported got(limits);
    for (std::uint64_t id = 256; id < 400; ++id) { got.feed(ipfix_message(0, {export_set(2, plain_template(id))})); }
    CHECK(got.skipped("template past what is kept of one exporter") == 136);
    for (std::uint16_t port = 1; port < 20; ++port) { got.feed(ipfix_message(0, {export_set(2, plain_template(256))}), port); }
    CHECK(got.skipped("message of one exporter too many") == 16);
    got.feed(ipfix_message(0, {export_set(256, plain_record())}));
    CHECK(got.records.size() == 1);
}

TEST_CASE("export decoder: padding of up to seven bytes is no record and no damage") {
    for (std::uint64_t size = 0; size <= 7; ++size) {
        Exported got;
        got.feed(ipfix_message(0, {export_set(2, plain_template(256)), export_set(256, ExportBytes().add(plain_record().bytes()).put(0, size))}));
        CHECK(got.records.size() == 1);
        CHECK(got.report.skipped_total() == 0);
    }
}

TEST_CASE("export decoder: reverse elements make a conversation of both directions (RFC 5103)") {
    Exported got;
    got.feed(ipfix_message(0, {export_set(2, export_template(256, {{8, 4, 0}, {12, 4, 0}, {2, 4, 0}, {1, 4, 0}, {2, 4, 29305}, {1, 4, 29305}, {239, 1, 0}})),
                               export_set(256, ExportBytes().u32(kSource).u32(kDestination).u32(3).u32(300).u32(5).u32(5000).u8(2))}));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].biflow);
    CHECK(got.records[0].initiator_known);
    CHECK(got.records[0].source == net::Address::v4(kDestination));  // biflowDirection 2: the other end has opened it
    CHECK(got.records[0].packets == 5);
    CHECK(got.records[0].reverse_bytes == 300);
}

TEST_CASE("export decoder: the sampling rate comes from options, by sampler where there are several") {
    Exported got;
    ExportBytes options;
    options.u16(512).u16(2).u16(1).u16(302).u16(4).u16(34).u16(4);
    got.feed(ipfix_message(0, {export_set(3, options), export_set(512, ExportBytes().u32(1).u32(1000).u32(2).u32(50))}));
    got.feed(ipfix_message(2, {export_set(2, export_template(256, {{8, 4, 0}, {12, 4, 0}, {2, 4, 0}, {1, 4, 0}, {302, 4, 0}})),
                               export_set(256, ExportBytes().u32(kSource).u32(kDestination).u32(3).u32(300).u32(2))}));
    REQUIRE(got.records.size() == 1);
    CHECK(got.records[0].sampling == 50);
    CHECK(got.report.skipped_total() == 0);
}

TEST_CASE("export decoder: records that never came are counted by the gaps in the numbers") {
    Exported got;
    got.feed(ipfix_message(10, {export_set(2, plain_template(256)), export_set(256, plain_record())}));
    got.feed(ipfix_message(11, {export_set(256, plain_record())}));
    CHECK(got.report.skipped_total() == 0);
    got.feed(ipfix_message(17, {export_set(256, plain_record())}));
    CHECK(got.skipped("flow record lost on the way (IPFIX)") == 5);
    Exported v9;
    v9.feed(v9_message(1, {export_set(0, plain_template(256))}));
    v9.feed(v9_message(4, {export_set(256, plain_record())}));
    CHECK(v9.skipped("export message lost on the way (NetFlow v9)") == 2);
}

TEST_CASE("export decoder: damage anywhere in a message is survived and counted") {
    const auto whole = ipfix_message(0, {export_set(2, plain_template(256)), export_set(256, plain_record())});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Exported got;
        got.feed(ExportBytes().add(whole.bytes().first(size)));
        CHECK(got.records.empty());
        CHECK(got.report.skipped_total() > 0);
    }
}

}  // namespace

TEST_CASE("export decoder: an exporter that floods templates under ever new domains uses up its own share, and pushes nobody out") {
    ExportLimits limits;
    limits.exporter_scopes = 8;
    limits.exporter_templates = 20;
    limits.exporter_waiting = 1000;
    Exported exported(limits);
    const ExportBytes useful = export_set(2, export_template(300, {{8, 4}, {12, 4}, {2, 4}, {1, 4}, {152, 8}, {153, 8}}));
    exported.feed(ipfix_message(0, {useful}, 1), 4739, 0xc0000209);
    for (std::uint64_t domain = 0; domain < 200; ++domain) {
        ExportBytes many;
        for (std::uint64_t id = 256; id < 266; ++id) { many.add(export_template(id, {{8, 4}, {12, 4}, {2, 4}, {1, 4}}).bytes()); }
        exported.feed(ipfix_message(0, {export_set(2, many), export_set(400, ExportBytes().u64(1).u64(2).u64(3).u64(4))}, domain), 4739);
    }
    const auto held = exported.decoder.template_counts();
    REQUIRE(held.size() == 2);
    CHECK(held[0] == 1);
    CHECK(held[1] <= 20);
    CHECK(exported.skipped("template past what is kept of one exporter") > 0);
    CHECK(exported.skipped("domain of an exporter forgotten: it sends from too many") == 192);
    const ExportBytes record = ExportBytes().u32(1).u32(2).u32(3).u32(400).u64(1'416'823'200'000).u64(1'416'823'201'000);
    exported.feed(ipfix_message(0, {export_set(300, record)}, 1), 4739, 0xc0000209);
    CHECK(exported.records.size() == 1);
    exported.decoder.finish(exported.report);
    CHECK(exported.skipped("data set without its template") == 200);
}
