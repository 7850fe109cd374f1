#include "flow/read/eve_alert.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace hw;
using namespace hw::flow::read;

constexpr std::string_view kAlerts =
    R"({"timestamp":"2014-11-24T10:00:20.500000+0000","flow_id":7,"event_type":"alert","src_ip":"198.51.100.9","src_port":40003,"dest_ip":"203.0.113.20","dest_port":22,"proto":"TCP",)"
    R"("alert":{"action":"allowed","signature_id":1000001,"signature":"own rule","severity":2},"flow":{"start":"2014-11-24T10:00:05.080000+0000"}})"
    "\n"
    R"({"timestamp":"2014-11-24T10:00:21Z","event_type":"dns"})"
    "\n"
    R"({"timestamp":"2014-11-24T10:00:22Z","event_type":"alert","src_ip":"2001:db8::1","dest_ip":"2001:db8::2","flow":{"start":"2014-11-24T11:00:00Z"}})"
    "\n"
    R"({"timestamp":"2014-11-24T10:00:23Z","event_type":"alert","src_ip":"nobody","dest_ip":"2001:db8::2"})"
    "\nnot json\n";

TEST_CASE("eve alerts: an alert tells its conversation, when that began, and how grave it is; broken ones are counted") {
    ReadReport report;
    MemoryBytes bytes(std::as_bytes(std::span(kAlerts)), 61);
    const auto alerts = read_eve_alerts(bytes, {}, report);
    REQUIRE(alerts);
    REQUIRE(alerts->size() == 2);
    const EveAlert& first = alerts->front();
    CHECK(first.source == net::Endpoint{*net::parse_address("198.51.100.9"), net::Port{40003}});
    CHECK(first.destination.port == net::Port{22});
    CHECK(first.at - first.flow_began == Duration(15'420'000));
    CHECK(first.severity == 2);
    CHECK(first.rule == 1000001);
    CHECK(first.signature == "own rule");
    CHECK(alerts->back().severity == 255);
    CHECK(alerts->back().flow_began == alerts->back().at);  // a beginning after the alert is no beginning
    CHECK(report.skipped.at("alert that lacks addresses or its time").count == 1);
    CHECK(report.skipped.at("not a JSON object").count == 1);
}

TEST_CASE("eve alerts: a file of something else is an error") {
    ReadReport report;
    constexpr std::string_view kText = "no log\n";
    MemoryBytes bytes(std::as_bytes(std::span(kText)));
    CHECK_FALSE(read_eve_alerts(bytes, {}, report));
}

}  // namespace
