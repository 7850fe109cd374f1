#include "flow/read/eve_log.hpp"

#include "flow/read/vpc_log.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

struct Log {
    ReadReport report;
    std::vector<ExportRecord> records;
    Result<void> done;
};

template <typename Read>
Log read_log(std::string_view text, const Read& read) {
    Log log;
    log.report.path = "log";
    MemoryBytes source(std::as_bytes(std::span(text)), 37);
    log.done = read(source, [&](ExportRecord&& r) { log.records.push_back(r); }, std::stop_token(), log.report);
    return log;
}

constexpr std::string_view kFlow =
    R"({"timestamp":"2014-11-24T10:05:00.000000+0000","flow_id":1,"event_type":"flow","src_ip":"10.0.0.1","src_port":40000,"dest_ip":"198.51.100.1","dest_port":22,)"
    R"("proto":"TCP","flow":{"pkts_toserver":10,"pkts_toclient":8,"bytes_toserver":1140,"bytes_toclient":2112,"start":"2014-11-24T10:00:00.123456+0000",)"
    R"("end":"2014-11-24T10:00:05.000000+0000","age":5,"state":"closed","reason":"timeout"},"tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"13"}})"
    "\n";
constexpr std::string_view kNetflow =
    R"({"timestamp":"2014-11-24T10:05:00.000000+0200","event_type":"netflow","src_ip":"2001:db8::1","src_port":5353,"dest_ip":"2001:db8::2","dest_port":53,"proto":"UDP",)"
    R"("netflow":{"pkts":1,"bytes":100,"start":"2014-11-24T12:00:00.000000+0200","end":"2014-11-24T12:00:00.000000+0200","age":0,"min_ttl":63,"max_ttl":64}})"
    "\n";

TEST_CASE("eve: a flow event gives both directions, without the link's header") {
    const auto log = read_log(kFlow, read_eve);
    REQUIRE(log.done);
    REQUIRE(log.records.size() == 1);
    const ExportRecord& r = log.records[0];
    CHECK(r.biflow);
    CHECK(r.initiator_known);
    CHECK(r.packets == 10);
    CHECK(r.bytes == 1000);
    CHECK(r.reverse_bytes == 2000);
    CHECK(r.tcp_flags == 0x1b);
    CHECK(r.reverse_tcp_flags == 0x13);
    CHECK(r.first == Time::from_micros(1'416'823'200'123'456));
    CHECK(r.end == FlowEnd::end_of_flow);
}

TEST_CASE("eve: netflow events count only where no flow event tells of the same packets") {
    const auto alone = read_log(kNetflow, read_eve);
    REQUIRE(alone.records.size() == 1);
    CHECK(alone.records[0].first == Time::from_micros(1'416'823'200'000'000));
    CHECK(alone.records[0].ttl_min == 63);
    const auto both = read_log(std::string(kFlow) + std::string(kNetflow), read_eve);
    CHECK(both.records.size() == 1);
    CHECK(both.report.skipped.at("netflow event beside flow events: the same packets").count == 1);
    CHECK(read_log(std::string(kNetflow) + std::string(kFlow), read_eve).records.size() == 1);
}

TEST_CASE("eve: other events are counted, broken lines too, and a log of nothing else is no error") {
    const auto log = read_log("{\"timestamp\":\"2014-11-24T10:00:00Z\",\"event_type\":\"alert\"}\nnot json\n{\"event_type\":\"flow\"}\n", read_eve);
    CHECK(log.done);
    CHECK(log.report.skipped.at("event that is no flow").count == 1);
    CHECK(log.report.skipped.at("not a JSON object").count == 1);
    CHECK(log.report.skipped.at("flow event that lacks addresses, times or counts").count == 1);
    CHECK_FALSE(read_log("nothing\n", read_eve).done);
    CHECK(looks_like_eve(kFlow));
    CHECK_FALSE(looks_like_eve("{\"ts\":1,\"uid\":\"C\"}"));
}

constexpr std::string_view kAccepted = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

TEST_CASE("vpc: a record in the default form, also behind CloudWatch's time") {
    for (const auto& text : {std::string(kAccepted), "2014-12-14T04:06:50.000Z " + std::string(kAccepted)}) {
        CHECK(looks_like_vpc(std::string_view(text).substr(0, text.size() - 1)));
        const auto log = read_log(text, read_vpc);
        REQUIRE(log.records.size() == 1);
        CHECK(log.records[0].destination_port == 22);
        CHECK(log.records[0].packets == 20);
        CHECK(log.records[0].bytes == 4249);
        CHECK(log.records[0].last == Time::from_micros(1'418'530'070'000'000));
    }
}

TEST_CASE("vpc: a header line sets the order, and the packet's own addresses win") {
    const auto log = read_log("version vpc-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr srcport dstport protocol tcp-flags packets bytes start end action flow-direction log-status\n"
                              "5 vpc-1 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 39812 80 6 2 5 500 1566848875 1566848933 ACCEPT egress OK\n",
                              read_vpc);
    REQUIRE(log.records.size() == 1);
    CHECK(log.records[0].destination == *net::parse_address("203.0.113.5"));
    CHECK(log.records[0].tcp_flags == tcp_flag::syn);
    CHECK(log.records[0].leaving == 1);
}

TEST_CASE("vpc: no data, rejected traffic and broken lines are counted") {
    const auto log = read_log("2 123 eni-1 - - - - - - - 1431280876 1431280934 - NODATA\n"
                              "2 123 eni-1 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK\n"
                              "2 123 eni-1 nonsense 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 ACCEPT OK\n"
                              "2 123\n",
                              read_vpc);
    CHECK(log.done);
    CHECK(log.records.empty());
    CHECK(log.report.skipped.size() == 4);
}

}  // namespace
