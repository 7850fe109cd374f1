#include "app/output/collect_output.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace hw;
using namespace hw::app::output;

namespace {

const Time kNow = Time::from_micros(1'416'823'200'000'000);

flow::collect::CollectorStatus collected_status() {
    flow::collect::CollectorStatus status;
    status.running = std::chrono::seconds(90);
    status.records = 1000;
    status.bytes = 48'000;
    status.lost = 7;
    status.strangers = 3;
    status.listeners.push_back({.address = {.address = net::Address::v4(0x7f000001), .port = net::Port{2055}}, .buffer = 4096, .datagrams = 40, .bytes = 48'000, .kernel_dropped = 2});
    status.kernel_dropped = 2;
    flow::collect::ExporterStatus exporter;
    exporter.address = net::Address::v4(0xc0000201);
    exporter.records = 1000;
    exporter.lost = 7;
    exporter.too_fast = 5;
    exporter.last_seen = kNow;
    status.exporters.push_back(exporter);
    status.sealed.flows = 500;
    return status;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("collect output: the status line tells rate, exporters, losses and the last seal, and what goes wrong instead") {
    auto status = collected_status();
    CHECK(collecting_line(status, 812'000, kNow) == "collecting  812 k records/s  1 exporter  7 lost on the way  2 dropped  nothing sealed yet");
    status.sealed.last = kNow - std::chrono::milliseconds(12'900);
    CHECK(holds(collecting_line(status, 0, kNow), "  last seal 12.0 s ago"));
    CHECK(holds(collecting_line(status, 0, kNow - std::chrono::hours(1)), "  last seal 0 s ago"));  // the clock went back
    status.sealed.trouble = Error{Errc::limit, "the disk is full", {}, {}};
    status.ahead.trouble = Error{Errc::limit, "no room", {}, {}};
    CHECK(holds(collecting_line(status, 0, kNow), "  NOT WRITTEN AHEAD  NOT SEALED: the disk is full"));
}

TEST_CASE("collect output: everything dropped stands among the skipped, by reason") {
    const std::string json = collect_ndjson({.store = "s", .status = collected_status()});
    CHECK(holds(json, R"("datagram of a sender that is not on the list":3)"));
    CHECK(holds(json, R"("datagram past its exporter's rate":5)"));
    CHECK(holds(json, R"("datagram dropped by the kernel: the receive buffer was full":2)"));
    CHECK(json.find('\n') == json.size() - 1);
}

TEST_CASE("collect output: the write-ahead is told of where there is one, and what an earlier run left") {
    auto status = collected_status();
    CHECK_FALSE(holds(collect_ndjson({.store = "s", .status = status}), "write_ahead"));
    status.ahead.on = true;
    status.ahead.unwritten = 4;
    status.sealed.replayed = 120;
    const Collected collected{.store = "s", .status = status, .unsealed = 0, .left_ahead = 30};
    const std::string json = collect_ndjson(collected);
    CHECK(holds(json, R"("write_ahead":{"bytes":0,"unwritten_datagrams":4,"replayed_files":0,"torn_bytes":0,"trouble":null})"));
    CHECK(holds(json, R"("replayed_records":120)"));
    CHECK(holds(json, R"("unsealed_written_ahead":30)"));
    const std::string table = collect_table(collected);
    CHECK(holds(table, "written ahead for the next run: 30 records"));
    CHECK(holds(table, "of an earlier run that was killed: 120 records"));
    CHECK_FALSE(holds(table, "NOT in the store"));
}

TEST_CASE("collect output: CSV has a line for each exporter below its names") {
    const std::string csv = collect_csv({.store = "s", .status = collected_status()});
    CHECK(csv.starts_with("exporter,datagrams,"));
    CHECK(holds(csv, "\n192.0.2.1,0,0,1000,7,"));
}
