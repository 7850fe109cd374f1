#include "flow/read/pcap_reader.hpp"

#include "flow/read/test_packets.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

Bytes question(std::size_t payload = 30) { return ethernet(ipv4({.source = kClient, .destination = kServer}, 17, udp(5353, 53, zeros(payload)))); }

Bytes block(std::uint32_t type, const Bytes& body, bool little = true) {
    Bytes out;
    const std::size_t padded = (body.size() + 3) / 4 * 4;
    put(out, type, 4, little), put(out, 12 + padded, 4, little);
    out = out + body + zeros(padded - body.size());
    put(out, 12 + padded, 4, little);
    return out;
}
Bytes section(bool little = true) {
    Bytes body;
    put(body, 0x1a2b3c4d, 4, little), put(body, 1, 2, little), put(body, 0, 2, little), put(body, ~std::uint64_t{0}, 8);
    return block(0x0a0d0d0a, body, little);
}
Bytes interface(std::uint16_t link = 1, const Bytes& options = {}, bool little = true, std::uint32_t snap = 0) {
    Bytes body;
    put(body, link, 2, little), put(body, 0, 2), put(body, snap, 4, little);
    return block(1, body + options, little);
}
Bytes enhanced(std::uint64_t units, const Bytes& frame, std::uint32_t interface = 0, bool little = true) {
    Bytes body;
    put(body, interface, 4, little), put(body, units >> 32U, 4, little), put(body, units & 0xffff'ffffU, 4, little);
    put(body, frame.size(), 4, little), put(body, frame.size(), 4, little);
    return block(6, body + frame, little);
}

}  // namespace

TEST_CASE("pcap: every form of the classic header gives the same flow") {
    for (const bool little : {true, false}) {
        for (const int kind : {0, 1, 2}) {
            PcapFile file({.little = little, .nanoseconds = kind == 1, .modified = kind == 2});
            file.add(at(0.123456), question()).add(at(1), question());
            const Outcome read = read_file(file);
            REQUIRE(read.result);
            CHECK(read.report.format == "pcap");
            REQUIRE(read.flows.size() == 1);
            CHECK(read.flows[0].first == at(0.123456));
            CHECK(read.flows[0].request.packets == 2);
            CHECK(read.flows[0].request.bytes == 2 * 58);
        }
    }
}

TEST_CASE("pcap: how the bytes are cut into blocks does not matter") {
    PcapFile file;
    for (int i = 0; i < 100; ++i) { file.add(at(i * 0.1), question(static_cast<std::size_t>(i))); }
    const Outcome whole = read_bytes(file.bytes);
    REQUIRE(whole.flows.size() == 1);
    for (const std::size_t cut : {1, 7, 16, 24, 100, 1000}) {
        const Outcome pieces = read_bytes(file.bytes, {}, cut);
        CHECK(pieces.flows == whole.flows);
        CHECK(pieces.report.records == 100);
    }
}

TEST_CASE("pcap: packets cut to the snap length keep their full lengths, and none is lost") {
    PcapFile file({.snap_length = 60});
    for (int i = 0; i < 10; ++i) { file.add(at(i), question(1000), 0, 60); }
    const Bytes frame = question(1000);
    PcapFile snapped({.snap_length = 60});
    for (int i = 0; i < 10; ++i) { snapped.add(at(i), frame, static_cast<std::uint32_t>(frame.size()), 60); }
    const Outcome read = read_file(snapped);
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].request.packets == 10);
    CHECK(read.flows[0].request.bytes == 10 * 1028);
    CHECK(read.flows[0].request.payload_bytes == 10'000);
    CHECK(read.report.snapped == 10);
    CHECK(read.report.skipped.empty());
}

TEST_CASE("pcap: a damaged tail is told, and all before it is used") {
    PcapFile file;
    file.add(at(0), question()).add(at(1), question());
    for (const std::size_t missing : {1, 60, 73}) {
        Bytes cut = file.bytes;
        cut.resize(cut.size() - missing);
        const Outcome read = read_bytes(cut);
        CHECK(read.result);
        CHECK(read.report.damaged_tail);
        REQUIRE(read.flows.size() == 1);
        CHECK(read.flows[0].request.packets == 1);
    }
}

TEST_CASE("pcap: a record of impossible length ends the reading, with its place") {
    PcapFile file;
    file.add(at(0), question());
    const std::size_t place = file.bytes.size();
    put(file.bytes, 0, 8), put(file.bytes, 0x7fff'ffff, 4, true), put(file.bytes, 0x7fff'ffff, 4, true);
    const Outcome read = read_bytes(file.bytes);
    CHECK(read.result);
    CHECK(read.flows.size() == 1);
    const Skipped& skipped = read.report.skipped.at("record length impossible: the rest of the file was not read");
    CHECK(skipped.count == 1);
    CHECK(skipped.first_offsets == std::vector<std::uint64_t>{place});
}

TEST_CASE("pcap: no snap length, and a huge one, are fine") {
    for (const std::uint32_t snap : {0U, 0x7fff'ffffU, 0xffff'ffffU}) {
        PcapFile file({.snap_length = snap});
        file.add(at(0), question());
        CHECK(read_file(file).flows.size() == 1);
    }
}

TEST_CASE("pcap: what is no capture is an error, with its place") {
    for (const Bytes& bytes : {Bytes{}, hex("00"), hex("474554202f20485454502f312e310d0a0d0a00000000")}) {
        const Outcome read = read_bytes(bytes);
        REQUIRE_FALSE(read.result);
        CHECK(read.result.error().code == Errc::malformed);
        CHECK(read.result.error().where == "test.pcap:0");
    }
    Bytes cut = PcapFile().bytes;
    cut.resize(20);
    CHECK(read_bytes(cut).result.error().code == Errc::truncated);
}

TEST_CASE("pcap: a link type that is not read is counted, not passed over in silence") {
    PcapFile file({.link = 105});
    file.add(at(0), question()).add(at(1), question());
    const Outcome read = read_file(file);
    CHECK(read.flows.empty());
    CHECK(read.report.skipped.at("link type not supported").count == 2);
    CHECK(read.report.skipped.at("link type not supported").first_offsets[0] == 24);
}

TEST_CASE("pcap: asked to stop, it hands over what it has") {
    PcapFile file;
    for (int i = 0; i < 100; ++i) { file.add(at(i), question()); }
    std::stop_source stop;
    ReadOptions options;
    options.stop = stop.get_token();
    stop.request_stop();
    const Outcome read = read_bytes(file.bytes, options, 1000);
    CHECK(read.result);
    CHECK(read.report.records < 100);
}

TEST_CASE("pcap: a conversation goes on from one piece of a rotated recording to the next") {
    std::vector<Flow> flows;
    CaptureReader reader("test", ObserverId{}, {}, [&](Flow&& flow) { flows.push_back(std::move(flow)); });
    ReadReport reports[3];
    for (int i = 0; i < 3; ++i) {
        PcapFile file;
        file.add(at(i * 10), question());
        MemoryBytes bytes(file.bytes);
        CHECK(reader.read(bytes, reports[i]));
        CHECK(reports[i].records == 1);
    }
    CHECK(flows.empty());
    reader.finish(reports[2]);
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].request.packets == 3);
    CHECK(reports[2].flows == 1);
}

TEST_CASE("pcapng: sections in both byte orders, each with its interfaces") {
    Bytes file;
    for (const bool little : {true, false}) {
        file = file + section(little) + interface(1, {}, little) + enhanced(1'416'823'200'000'000, question(), 0, little);
        file = file + block(0xbad, zeros(100), little) + block(5, zeros(20), little);
        file = file + interface(101, {}, little);
        file = file + enhanced(1'416'823'201'000'000, ipv4({.source = kClient, .destination = kServer}, 17, udp(5353, 53, {})), 1, little);
    }
    const Outcome read = read_bytes(file);
    REQUIRE(read.result);
    CHECK(read.report.format == "pcapng");
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].request.packets == 4);
    CHECK(read.report.skipped.empty());
}

TEST_CASE("pcapng: times in the interface's resolution and offset") {
    struct Case { Bytes options; std::uint64_t units; };
    const Bytes nano = hex("0900 0100 09000000 00000000");
    const Bytes milli = hex("0900 0100 03000000 00000000");
    const Bytes binary = hex("0900 0100 94000000 00000000");  // 2^-20 s
    Bytes offset = hex("0e00 0800");
    put(offset, 1'416'823'000, 8, true);
    for (const Case& c : {Case{{}, 1'416'823'200'500'000}, Case{nano, 1'416'823'200'500'000'999}, Case{milli, 1'416'823'200'500},
                          Case{binary, (1'416'823'200ULL << 20U) + (1U << 19U)}, Case{offset, 200'500'000}}) {
        const Outcome read = read_bytes(section() + interface(1, c.options) + enhanced(c.units, question()));
        REQUIRE(read.flows.size() == 1);
        CHECK(read.flows[0].first == at(0.5));
    }
}

TEST_CASE("pcapng: simple and old packet blocks") {
    Bytes simple;
    const Bytes frame = question();
    put(simple, frame.size(), 4, true);
    Bytes old;
    put(old, 0, 2, true), put(old, 0, 2, true), put(old, 1'416'823'200'000'000U >> 32U, 4, true), put(old, 1'416'823'200'000'000U & 0xffff'ffffU, 4, true);
    put(old, frame.size(), 4, true), put(old, frame.size(), 4, true);
    const Outcome read = read_bytes(section() + interface() + block(3, simple + frame) + block(2, old + frame) + block(3, simple + frame));
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].request.packets == 2);
    CHECK(read.report.skipped.at("pcapng packet without a time").count == 1);
}

TEST_CASE("pcapng: damage is counted with its place, and what follows is read") {
    const Bytes good = section() + interface();
    Bytes liar;  // says more bytes than its block has
    put(liar, 0, 12), put(liar, 5000, 4, true), put(liar, 5000, 4, true);
    const Outcome read = read_bytes(good + block(6, zeros(8)) + block(6, liar) + enhanced(1'416'823'200'000'000, question(), 7) +
                                    enhanced(1'416'823'200'000'000, question()));
    CHECK(read.flows.size() == 1);
    CHECK(read.report.skipped.at("pcapng packet block cut short").first_offsets[0] == good.size());
    CHECK(read.report.skipped.at("pcapng packet longer than its block").count == 1);
    CHECK(read.report.skipped.at("pcapng packet of an interface not described").count == 1);

    const Outcome bad_length = read_bytes(good + hex("06000000 0b000000 00000000"));
    CHECK(bad_length.result);
    CHECK(bad_length.report.skipped.at("pcapng block length impossible: the rest of the file was not read").count == 1);
    Bytes tail = good + enhanced(1'416'823'200'000'000, question());
    tail.resize(tail.size() - 3);
    CHECK(read_bytes(tail).report.damaged_tail);
}
