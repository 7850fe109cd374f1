#include "flow/read/pcap_reader.hpp"

#include "flow/read/test_packets.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

Bytes question(std::size_t payload = 30) { return ethernet(ipv4({.source = kClient, .destination = kServer}, 17, udp(5353, 53, zeros(payload)))); }

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
