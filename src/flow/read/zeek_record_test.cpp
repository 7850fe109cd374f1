#include "flow/read/zeek_record.hpp"

#include "flow/read/zeek_connections.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::zeek;

namespace {

ConnRecord record_of(std::string_view ts, std::string_view duration, std::string_view uid) {
    ConnRecord record;
    record.set(Field::ts, ts);
    record.set(Field::duration, duration);
    record.set(Field::uid, uid);
    record.set(Field::orig_h, "10.0.0.1");
    record.set(Field::orig_p, "40000");
    record.set(Field::resp_h, "198.51.100.7");
    record.set(Field::resp_p, "22");
    record.set(Field::proto, "tcp");
    return record;
}

}  // namespace

TEST_CASE("zeek record: the originator is the client, IP bytes are bytes, orig_bytes the payload") {
    ConnRecord record = record_of("1416823200.000001", "2.5", "C1");
    record.set(Field::orig_bytes, "100");
    record.set(Field::orig_ip_bytes, "300");
    record.set(Field::orig_pkts, "5");
    record.set(Field::resp_bytes, "1000");
    record.set(Field::resp_ip_bytes, "1200");
    record.set(Field::resp_pkts, "4");
    record.set(Field::local_orig, "T");
    record.set(Field::local_resp, "F");
    REQUIRE(record.fault().empty());
    const Flow flow = record.to_flow("sensor");
    CHECK(to_string(flow.client) == "10.0.0.1:40000");
    CHECK(to_string(flow.server) == "198.51.100.7:22");
    CHECK(flow.first == Time::from_micros(1'416'823'200'000'001));
    CHECK(flow.last - flow.first == std::chrono::milliseconds(2500));
    CHECK(flow.request.bytes == 300);
    CHECK(flow.request.payload_bytes == 100);
    CHECK(flow.request.packets == 5);
    CHECK(flow.reply.payload_bytes == 1000);
    CHECK(flow.client_local == true);
    CHECK(flow.server_local == false);
    CHECK(flow.uid == "C1");
    CHECK(flow.activity.empty());
    CHECK(flow.id == make_flow_id("sensor", flow.client, flow.server, Protocol::tcp, flow.first));
}

TEST_CASE("zeek record: flags come from the history, upper case of the client, lower case of the server") {
    ConnRecord record = record_of("1", "1", "C1");
    record.set(Field::history, "ShADadFr");
    const Flow flow = record.to_flow("sensor");
    CHECK(flow.request.tcp_flags == (tcp_flag::syn | tcp_flag::ack | tcp_flag::fin));
    CHECK(flow.reply.tcp_flags == (tcp_flag::syn | tcp_flag::ack | tcp_flag::rst));
    CHECK(flow.basis == InitiatorBasis::syn);
}

TEST_CASE("zeek record: who opened is known from a SYN or SYN-ACK only, else it is the exporter's word") {
    const auto basis = [](std::string_view history, std::string_view state, std::string_view proto) {
        ConnRecord record = record_of("1", "1", "C1");
        record.set(Field::history, history);
        record.set(Field::conn_state, state);
        record.set(Field::proto, proto);
        return record.to_flow("sensor").basis;
    };
    CHECK(basis("S", "S0", "tcp") == InitiatorBasis::syn);
    CHECK(basis("h", "SHR", "tcp") == InitiatorBasis::syn);
    CHECK(basis("DdA", "OTH", "tcp") == InitiatorBasis::exporter);
    CHECK(basis("", "REJ", "tcp") == InitiatorBasis::syn);
    CHECK(basis("", "OTH", "tcp") == InitiatorBasis::exporter);
    CHECK(basis("Dd", "SF", "udp") == InitiatorBasis::exporter);
}

TEST_CASE("zeek record: ICMP has no ports, whatever stands there, and is ICMPv6 between IPv6 addresses") {
    ConnRecord record = record_of("1", "1", "C1");
    record.set(Field::proto, "icmp");
    CHECK(record.to_flow("s").client.port == net::Port{});
    CHECK(record.to_flow("s").protocol == Protocol::icmp);
    record.set(Field::orig_h, "2001:db8::1");
    record.set(Field::resp_h, "2001:db8::2");
    CHECK(record.to_flow("s").protocol == Protocol::icmp6);
}

TEST_CASE("zeek record: a payload from wrapped sequence numbers is held to what the packets carried") {
    ConnRecord record = record_of("1", "1", "C1");
    record.set(Field::orig_bytes, "4294967295");
    record.set(Field::orig_ip_bytes, "120");
    CHECK(record.to_flow("s").request.payload_bytes == 120);
    record.set(Field::missed_bytes, "1000");
    CHECK(record.to_flow("s").request.payload_bytes == 4'294'967'295);
}

TEST_CASE("zeek record: without a start, the end less the duration; the time of writing only where nothing else is") {
    ConnRecord record = record_of("5", "1", "C1");
    record.set(Field::timestamp, "9");
    CHECK(record.to_flow("s").first == Time::from_micros(5'000'000));
    record.ts.reset();
    CHECK(record.to_flow("s").first == Time::from_micros(9'000'000));
    record.set(Field::end, "8");
    CHECK(record.to_flow("s").first == Time::from_micros(7'000'000));
    record.duration.reset();
    record.end.reset();
    record.timestamp.reset();
    CHECK(record.fault() == "no time");
}

TEST_CASE("zeek record: the first unreadable value names the fault") {
    ConnRecord record = record_of("1", "1", "C1");
    CHECK(record.fault().empty());
    record.set(Field::resp_pkts, "-3");
    CHECK(record.fault() == "unreadable count");
    ConnRecord address = record_of("1", "1", "C1");
    address.set(Field::orig_h, "nowhere");
    CHECK(address.fault() == "unreadable address");
    ConnRecord protocol = record_of("1", "1", "C1");
    protocol.set(Field::proto, "carrier-pigeon");
    CHECK(protocol.fault() == "unknown protocol");
}

TEST_CASE("zeek connections: of several records of one connection the longest stays") {
    Connections connections("sensor");
    ReadReport report;
    connections.add(record_of("100", "1", "C1"), 10, report);
    connections.add(record_of("100", "300", "C1"), 20, report);
    connections.add(record_of("100", "200", "C1"), 30, report);
    connections.add(record_of("100", "1", "C2"), 40, report);
    const auto flows = connections.take();
    REQUIRE(flows.size() == 2);
    CHECK(flows[0].last - flows[0].first == std::chrono::seconds(300));
    CHECK(report.records == 4);
    CHECK(report.flows == 2);
    CHECK(report.skipped.at("shorter record of a connection that is there").count == 2);
}

TEST_CASE("zeek connections: without uids, equal endpoints, protocol and start are one connection") {
    Connections connections("sensor");
    ReadReport report;
    connections.add(record_of("100", "1", ""), 0, report);
    connections.add(record_of("100", "2", ""), 1, report);
    connections.add(record_of("101", "2", ""), 2, report);
    CHECK(connections.take().size() == 2);
}

TEST_CASE("zeek connections: one uid with other endpoints is another connection, with the ends turned it is not") {
    Connections connections("sensor");
    ReadReport report;
    ConnRecord turned = record_of("100", "9", "C1");
    turned.set(Field::orig_h, "198.51.100.7");
    turned.set(Field::orig_p, "22");
    turned.set(Field::resp_h, "10.0.0.1");
    turned.set(Field::resp_p, "40000");
    ConnRecord other = record_of("100", "1", "C1");
    other.set(Field::resp_p, "23");
    connections.add(record_of("100", "1", "C1"), 0, report);
    connections.add(turned, 1, report);
    connections.add(other, 2, report);
    CHECK(connections.take().size() == 2);
}

TEST_CASE("zeek connections: any number of records grows past what was expected") {
    Connections connections("sensor");
    connections.expect(3);
    ReadReport report;
    for (int i = 0; i < 5000; ++i) { connections.add(record_of(std::to_string(i), "1", ""), 0, report); }
    CHECK(connections.take().size() == 5000);
    CHECK(connections.take().empty());
}
