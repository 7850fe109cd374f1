#include "flow/read/cloud_log.hpp"

#include "flow/read/recognise.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

struct CloudLog {
    ReadReport report;
    std::vector<ExportRecord> records;
    std::vector<net::Address> observers;
    Result<void> done;
};

CloudLog azure(std::string_view text) {
    CloudLog log;
    log.report.path = "log";
    MemoryBytes source(std::as_bytes(std::span(text)), 37);
    log.done = read_azure(source, [&](ExportRecord&& r) { log.records.push_back(r); }, std::stop_token(), log.report);
    return log;
}
CloudLog gcp(std::string_view text) {
    CloudLog log;
    log.report.path = "log";
    MemoryBytes source(std::as_bytes(std::span(text)), 37);
    const auto take = [&](ExportRecord&& r, const net::Address& observer) {
        log.records.push_back(r);
        log.observers.push_back(observer);
    };
    log.done = read_gcp(source, take, std::stop_token(), log.report);
    return log;
}

std::string group_log(int version, std::string_view tuples) {
    return "{\"records\":[{\"time\":\"2014-11-24T10:01:00Z\",\"category\":\"NetworkSecurityGroupFlowEvent\",\"properties\":{\"Version\":" + std::to_string(version) +
           ",\"flows\":[{\"rule\":\"own\",\"flows\":[{\"mac\":\"0022480A0B0C\",\"flowTuples\":[" + std::string(tuples) + "]}]}]}}]}";
}
std::string network_log(std::string_view tuples) {
    return "{\"records\":[\n  {\"time\":\"2014-11-24T10:01:00Z\",\"flowLogVersion\":4,\"category\":\"FlowLogFlowEvent\",\"flowRecords\":{\"flows\":[{\"aclID\":\"x\",\"flowGroups\":"
           "[{\"rule\":\"own\",\"flowTuples\":[" + std::string(tuples) + "]}]}]}}\n]}\n";
}
constexpr std::int64_t kTen = 1'416'823'200'000'000;

TEST_CASE("azure: tuples of a connection count what came since the one before, and last that long") {
    const auto log = azure(group_log(2, R"("1416823200,10.0.0.4,198.51.100.9,40000,443,T,O,A,B,,,,","1416823230,10.0.0.4,198.51.100.9,40000,443,T,O,A,C,10,1000,20,20000",)"
                                        R"("1416823290,10.0.0.4,198.51.100.9,40000,443,T,O,A,E,3,300,4,4000")"));
    REQUIRE(log.done);
    REQUIRE(log.records.size() == 2);
    CHECK(log.records[0].first == Time::from_micros(kTen));
    CHECK(log.records[0].last == Time::from_micros(kTen + 30'000'000));
    CHECK(log.records[0].end == FlowEnd::active_timeout);
    CHECK(log.records[1].first == log.records[0].last);
    CHECK(log.records[1].end == FlowEnd::end_of_flow);
    CHECK(log.records[1].packets == 3);
    CHECK(log.records[1].reverse_bytes == 4000);
    CHECK(log.records[0].initiator_known);
    CHECK(log.records[0].leaving == 1);
    CHECK(log.report.skipped_total() == 0);
}

TEST_CASE("azure: what goes on from before the log is told at its own moment") {
    const auto log = azure(group_log(2, R"("1416823230,198.51.100.9,10.0.0.4,40000,53,U,I,A,C,1,100,1,200")"));
    REQUIRE(log.records.size() == 1);
    CHECK(log.records[0].first == log.records[0].last);
    CHECK(log.records[0].protocol == 17);
    CHECK(log.records[0].leaving == 0);
}

TEST_CASE("azure: a virtual network's log has milliseconds, numbers of protocols and the encryption's state") {
    const auto log = azure(network_log(R"("1416823200123,10.0.0.4,2001:db8::9,40000,443,6,O,B,NX,0,0,0,0","1416823201456,10.0.0.4,2001:db8::9,40000,443,6,O,E,NX,7,700,8,8000",)"
                                       R"("1416823200123,10.0.0.4,192.0.2.1,1,2,6,I,D,NX,0,0,0,0")"));
    REQUIRE(log.records.size() == 1);
    CHECK(log.records[0].first == Time::from_micros(kTen + 123'000));
    CHECK(log.records[0].last == Time::from_micros(kTen + 1'456'000));
    CHECK(log.records[0].reverse_packets == 8);
    CHECK(log.report.skipped.at("denied: never arrived").count == 1);
}

TEST_CASE("azure: denied, begun only, uncounted and broken tuples are counted by what they are") {
    const auto log = azure(group_log(2, R"("1416823200,10.0.0.4,198.51.100.9,1,2,T,O,D,B,,,,","1416823200,10.0.0.4,198.51.100.9,3,4,T,O,A,B,,,,","x,10.0.0.4,198.51.100.9,1,2,T,O,A,B,,,,",)"
                                        R"("1416823200,nobody,198.51.100.9,1,2,T,O,A,B,,,,","1,2",7,"1416823200,10.0.0.4,198.51.100.9,5,6,T,O,A,E,0,0,0,0")"));
    CHECK(log.done);
    CHECK(log.records.empty());
    CHECK(log.report.skipped.size() == 7);
    CHECK(log.report.skipped.at("connection of which only the beginning is told, without counts").count == 1);
    CHECK(azure(group_log(1, R"("1416823200,10.0.0.4,198.51.100.9,1,2,T,O,A")")).report.skipped.at("tuple without counts (version 1)").count == 1);
    CHECK_FALSE(azure("{\"records\":[{\"a\":1}]}").done);
    CHECK(azure("{\"properties\":{\"Version\":2}}{\"flowRecords\":{\"flows\":[{\"x\":1}]}}").done);  // without the arrays
}

constexpr std::string_view kPayload =
    R"({"bytes_sent":"1200","packets_sent":"12","connection":{"src_ip":"10.1.0.2","src_port":40000,"dest_ip":"10.1.0.3","dest_port":22,"protocol":6},)"
    R"("start_time":"2014-11-24T10:00:00.123456789Z","end_time":"2014-11-24T10:00:05Z","reporter":"SRC"})";

TEST_CASE("gcp: entries and bare payloads, in an array or one a line, are read alike") {
    const std::string entry = "{\"insertId\":\"1\",\"jsonPayload\":" + std::string(kPayload) + ",\"logName\":\"projects/p/logs/compute.googleapis.com%2Fvpc_flows\"}";
    for (const std::string& text : {std::string(kPayload), entry, "[" + entry + ",\n" + std::string(kPayload) + "]", entry + "\n" + entry + "\n"}) {
        CAPTURE(text);
        CHECK(looks_like_gcp(text));
        const auto log = gcp(text);
        REQUIRE(log.done);
        REQUIRE(!log.records.empty());
        for (const ExportRecord& r : log.records) {
            CHECK(r.packets == 12);
            CHECK(r.bytes == 1200);
            CHECK(r.first == Time::from_micros(kTen + 123'456));
            CHECK(r.last == Time::from_micros(kTen + 5'000'000));
            CHECK(r.destination_port == 22);
            CHECK_FALSE(r.biflow);
        }
        CHECK(log.report.skipped_total() == 0);
    }
}

TEST_CASE("gcp: each end's machine is an observer of its own, a gateway is none") {
    std::string destination(kPayload);
    destination.replace(destination.find("SRC"), 3, "DEST");
    std::string gateway(kPayload);
    gateway.replace(gateway.find("SRC"), 3, "SRC_GATEWAY");
    const auto log = gcp(std::string(kPayload) + destination + gateway);
    REQUIRE(log.observers.size() == 3);
    CHECK(log.observers[0] == *net::parse_address("10.1.0.2"));
    CHECK(log.observers[1] == *net::parse_address("10.1.0.3"));
    CHECK(log.observers[2] == net::Address());
}

TEST_CASE("gcp: a broken object costs itself alone") {
    const auto log = gcp("{\"connection\":{\"src_ip\":\"10.1.0\n" + std::string(kPayload) + "\n{\"connection\":{\"src_ip\":1}\n" + std::string(kPayload) + "\nnot json at all\n" +
                         std::string(kPayload) + "{\"bytes_sent\"");
    CHECK(log.records.size() == 3);
    CHECK(log.report.damaged_tail);
    CHECK(log.report.skipped.at("JSON object with an unfinished text").count == 1);
    CHECK(log.report.skipped.at("JSON object that another one begins in").count == 1);
    CHECK(log.report.skipped.at("not a JSON object").count == 1);
    CHECK(log.report.skipped.at("JSON object cut off").count == 1);
}

TEST_CASE("cloud logs: each is known by its content") {
    const auto form = [](const std::string& text) { return recognise(std::as_bytes(std::span(text)), "log").value_or(Format::pcap); };
    CHECK(form(group_log(2, "")) == Format::azure_log);
    CHECK(form(network_log("")) == Format::azure_log);
    CHECK(form(std::string(kPayload)) == Format::gcp_vpc);
    CHECK(form("[\n" + std::string(kPayload) + "]") == Format::gcp_vpc);
    CHECK(form("{\"ts\":1,\"uid\":\"C\",\"id.orig_h\":\"10.0.0.1\"}") == Format::zeek_json);
}

}  // namespace
