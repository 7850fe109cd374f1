#include "flow/read/capture_run.hpp"

#include "flow/read/test_packets.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

constexpr std::uint64_t kMicros = 1'416'823'200'000'000;

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
    tail.erase(tail.end() - 3, tail.end());
    CHECK(read_bytes(tail).report.damaged_tail);
}

TEST_CASE("pcapng: a new section forgets the interfaces of the one before") {
    const Outcome read = read_bytes(section() + interface() + section() + enhanced(kMicros, question()));
    CHECK(read.flows.empty());
    CHECK(read.report.skipped.at("pcapng packet of an interface not described").count == 1);
}

TEST_CASE("pcapng: a simple packet ends at its interface's snap length, and keeps its length on the wire") {
    const Bytes frame = question(100);
    Bytes simple;
    put(simple, frame.size(), 4, true);
    const Bytes kept(frame.begin(), frame.begin() + 60);
    const Outcome read = read_bytes(section() + interface(1, {}, true, 60) + enhanced(kMicros, question(100)) + block(3, simple + kept));
    REQUIRE(read.flows.size() == 1);
    CHECK(read.flows[0].request.packets == 2);
    CHECK(read.flows[0].request.bytes == std::uint64_t{2} * 128);
}

TEST_CASE("pcapng: a time that no clock could mean is counted, not wrapped around") {
    const Bytes seconds = hex("0900 0100 00000000 00000000");
    Bytes far_offset = hex("0e00 0800");
    put(far_offset, 0x7fff'ffff'ffff'ffff, 8, true);
    for (const Bytes& options : {seconds, far_offset}) {
        const Outcome read = read_bytes(section() + interface(1, options) + enhanced(kMicros, question()));
        CHECK(read.flows.empty());
        CHECK(read.report.skipped.at("packet time out of range").count == 1);
    }
}

TEST_CASE("pcapng: how the bytes are cut into blocks does not matter") {
    Bytes file = section() + interface();
    for (unsigned i = 0; i < 50; ++i) { file = file + enhanced(kMicros + 1000 * i, question(i)) + block(5, zeros(i)); }
    const Outcome whole = read_bytes(file);
    REQUIRE(whole.flows.size() == 1);
    for (const std::size_t cut : {1, 7, 12, 100}) {
        const Outcome pieces = read_bytes(file, {}, cut);
        CHECK(pieces.flows == whole.flows);
        CHECK(pieces.report.records == whole.report.records);
    }
}
