#include "flow/read/zeek_json.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

namespace {

struct JsonRead {
    Result<void> done;
    ReadReport report;
    std::vector<Flow> flows;
};

JsonRead read_json_text(std::string_view text, std::size_t block = 1000) {
    const std::vector<char> copy(text.begin(), text.end());
    MemoryBytes bytes(std::as_bytes(std::span(copy)), block);
    zeek::Connections connections("sensor");
    JsonRead result{.done = {}, .report = {}, .flows = {}};
    result.report.path = "conn.log";
    result.done = zeek::read_json(bytes, connections, {}, result.report);
    result.flows = connections.take();
    return result;
}

const std::string kRest =
    R"("proto":"tcp","service":"ssh","duration":2.5,"orig_bytes":100,"resp_bytes":1000,"conn_state":"SF","local_orig":true,"local_resp":false,)"
    R"("missed_bytes":0,"history":"ShADadFf","orig_pkts":5,"orig_ip_bytes":300,"resp_pkts":4,"resp_ip_bytes":1200})"
    "\n";

}  // namespace

TEST_CASE("zeek json: flat, nested and underscored names give one and the same flow") {
    const auto flat = read_json_text(R"({"ts":1416823200.123456,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":22,)" + kRest);
    const auto nested = read_json_text(R"({"ts":1416823200.123456,"uid":"C1","id":{"orig_h":"10.0.0.1","orig_p":40000,"resp_h":"198.51.100.7","resp_p":22},)" + kRest);
    const auto joined = read_json_text(R"({"ts":"1416823200.123456","uid":"C1","id_orig_h":"10.0.0.1","id_orig_p":"40000","id_resp_h":"198.51.100.7","id_resp_p":"22",)" + kRest);
    const auto dated = read_json_text(R"( { "ts" : "2014-11-24T10:00:00.123456Z" , "uid":"C1", "id.orig_h":"10.0.0.1","id.orig_p":40000 ,"id.resp_h":"198.51.100.7","id.resp_p":22,)" + kRest);
    const auto wrapped = read_json_text(R"({"conn":{"ts":1416823200.123456,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":22,)" +
                                        kRest.substr(0, kRest.size() - 1) + "}\n");
    REQUIRE(flat.done.has_value());
    REQUIRE(flat.flows.size() == 1);
    CHECK(flat.report.format == "zeek-json");
    CHECK(flat.flows[0].first == Time::from_micros(1'416'823'200'123'456));
    CHECK(flat.flows[0].last - flat.flows[0].first == std::chrono::milliseconds(2500));
    CHECK(flat.flows[0].request.payload_bytes == 100);
    CHECK(flat.flows[0].server_local == false);
    CHECK(nested.flows == flat.flows);
    CHECK(joined.flows == flat.flows);
    CHECK(dated.flows == flat.flows);
    CHECK(wrapped.flows == flat.flows);
}

TEST_CASE("zeek json: a duration that leads back before 1970 is counted, and no flow") {
    const auto read = read_json_text(
        R"({"source":{"ip":"10.0.0.1","port":1},"destination":{"ip":"10.0.0.2","port":53},"event":{"dataset":"zeek.connection",)"
        R"("duration":7696788415857497000,"end":"2019-01-11T06:33:36Z"},"network":{"transport":"udp"}})"
        "\n");
    CHECK(read.flows.empty());
    REQUIRE(read.report.skipped.contains("duration longer than time"));
    CHECK(read.report.skipped.at("duration longer than time").count == 1);
}

TEST_CASE("zeek json: ECS as Filebeat writes it, nested and flat") {
    const auto nested = read_json_text(
        R"({"@timestamp":"2019-01-11T06:33:35.857Z","source":{"ip":"192.168.86.167","port":38339,"bytes":103,"packets":1,"geo":{"ip":"x"}},)"
        R"("destination":{"ip":"192.168.86.1","port":53,"bytes":206,"packets":1},"event":{"dataset":"zeek.connection","duration":76967000,)"
        R"("start":"2019-01-11T06:33:35.857497Z"},"network":{"transport":"udp"},"log":{"offset":0},"tags":["zeek.connection"],)"
        R"("zeek":{"session_id":"CAcJw21BbVedgFnYH3","connection":{"history":"Dd","local_orig":true,"state":"SF"}}})"
        "\n");
    REQUIRE(nested.done.has_value());
    REQUIRE(nested.flows.size() == 1);
    const Flow& flow = nested.flows[0];
    CHECK(to_string(flow.client) == "192.168.86.167:38339");
    CHECK(flow.first == Time::from_micros(1'547'188'415'857'497));
    CHECK(flow.last - flow.first == Duration(76'967));
    CHECK(flow.request.bytes == 103);
    CHECK(flow.reply.bytes == 206);
    CHECK(flow.uid == "CAcJw21BbVedgFnYH3");
    const auto flat = read_json_text(
        R"({"event.start":1547188415857497000,"event.end":1547188415934464000,"source.ip":"192.168.86.167","source.port":38339,"source.bytes":103,)"
        R"("source.packets":1,"destination.ip":"192.168.86.1","destination.port":53,"destination.bytes":206,"destination.packets":1,)"
        R"("network.transport":"udp","zeek.session_id":"CAcJw21BbVedgFnYH3","zeek.connection.local_orig":true})"
        "\n");
    CHECK(flat.flows == nested.flows);
}

TEST_CASE("zeek json: in a mixed stream, conn lines are used and the others counted, not errors") {
    const std::string id = R"("uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":40000,"id.resp_h":"198.51.100.7","id.resp_p":22,)";
    const auto read = read_json_text(R"({"_path":"conn","_system_name":"s","_write_ts":"2014-11-24T10:00:09Z","ts":1416823200.1,)" + id + kRest +
                                     R"({"_path":"dns","ts":1416823200.2,)" + id + R"("proto":"udp","query":"x"})" + "\n" +
                                     R"({"ts":1416823200.3,)" + id + R"("log":"http","method":"GET"})" + "\n" +                       //
                                     R"({"ts":1416823200.4,)" + id + R"("proto":"udp","query":"says not which, has nothing of conn"})" + "\n" +  //
                                     R"({"dns":{"ts":1416823200.2}})" + "\n");
    REQUIRE(read.done.has_value());
    CHECK(read.flows.size() == 1);
    CHECK(read.report.skipped.at("line of another log").count == 4);
    CHECK(read.report.skipped.size() == 1);
    const auto alone = read_json_text(R"({"_path":"dns","ts":1})" "\n");
    REQUIRE_FALSE(alone.done.has_value());
    CHECK(alone.done.error().code == Errc::unsupported);
    CHECK(alone.done.error().message.find("dns") != std::string::npos);
}

TEST_CASE("zeek json: a line that cannot be read is counted by reason with its offset, the others are used") {
    const std::string good = R"({"ts":1416823200.1,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,)" + kRest;
    const auto read = read_json_text(good + "{\"ts\":\n" + "nonsense\n" + "[1,2]\n" + "{\"ts\":1} {\"ts\":2}\n" + "\n" +
                                     R"({"ts":"soon","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2",)" + kRest +                 //
                                     R"({"ts":1416823200.1,"id.orig_h":"10.0.0.1","id.orig_p":70000,"id.resp_h":"10.0.0.2",)" + kRest +  //
                                     R"({"ts":1416823200.1,"id.orig_h":"10.0.0.1",)" + kRest);
    REQUIRE(read.done.has_value());
    CHECK(read.flows.size() == 1);
    REQUIRE(read.report.skipped.contains("not a JSON object"));
    CHECK(read.report.skipped.at("not a JSON object").count == 4);
    CHECK(read.report.skipped.at("not a JSON object").first_offsets.front() == good.size());
    CHECK(read.report.skipped.at("unreadable time").count == 1);
    CHECK(read.report.skipped.at("unreadable port").count == 1);
    CHECK(read.report.skipped.at("no address").count == 1);
    const auto cut = read_json_text(good + good.substr(0, 100));
    CHECK(cut.flows.size() == 1);
    CHECK(cut.report.damaged_tail);
    const auto nothing = read_json_text("{}\n{\"a\":1}\n[\n");
    CHECK_FALSE(nothing.done.has_value());
}

TEST_CASE("zeek json: members in another order, missing or more of them from line to line, escapes and nulls") {
    const auto read = read_json_text(
        R"({"ts":1416823200.1,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":2,"proto":"tcp","conn_state":"SF"})" "\n"
        R"({"conn_state":"SF","uid":"C\u0032","proto":"tcp","id.resp_p":2,"id.resp_h":"10.0.0.2","service":null,"id.orig_p":1,"id\u002eorig_h":"10.0.0.1","ts":1416823200.2})" "\n"
        R"({"x":{"ts":7,"y":[{"ts":8}]},"source":{"ip":null},"ts":1416823200.3,"uid":"C3","id":{"resp_h":"10.0.0.2","orig_h":"10.0.0.1"},"id.resp_p":2,"id.orig_p":1,"proto":"tcp","conn_state":"SF","duration":null})" "\n");
    REQUIRE(read.done.has_value());
    REQUIRE(read.flows.size() == 3);
    CHECK(read.flows[1].uid == "C2");
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(read.flows[i].first == Time::from_micros(1'416'823'200'100'000 + 100'000 * static_cast<std::int64_t>(i)));
        CHECK(to_string(read.flows[i].client) == "10.0.0.1:1");
        CHECK(to_string(read.flows[i].server) == "10.0.0.2:2");
    }
}

TEST_CASE("zeek json: a member of one object is not taken for that of another with the same place and name") {
    const std::string head = R"({"ts":1,"proto":"tcp","conn_state":"SF",)";
    const auto read = read_json_text(head + R"("source":{"ip":"10.0.0.1","port":1},"destination":{"ip":"10.0.0.2","port":2}})" "\n" +
                                     head + R"("destination":{"ip":"10.0.0.4","port":4},"source":{"ip":"10.0.0.3","port":3}})" "\n");
    REQUIRE(read.flows.size() == 2);
    CHECK(to_string(read.flows[1].client) == "10.0.0.3:3");
    CHECK(to_string(read.flows[1].server) == "10.0.0.4:4");
}

TEST_CASE("zeek json: how the bytes come in blocks does not matter") {
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += R"({"ts":)" + std::to_string(1'416'823'200 + i) + R"(,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":)" + std::to_string(i) + R"(,"id.resp_h":"10.0.0.2","id.resp_p":2,)" + kRest;
    }
    const auto whole = read_json_text(text, 1 << 20);
    CHECK(whole.flows.size() == 20);
    for (const std::size_t block : {1, 7, 64, 300, 999}) { CHECK(read_json_text(text, block).flows == whole.flows); }
}
