#include "flow/clickhouse/source.hpp"

#include "flow/clickhouse/schema.hpp"
#include "flow/clickhouse/sink.hpp"
#include "flow/memory_source.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iterator>
#include <random>
#include <string>

using namespace hw;
using namespace hw::flow;
namespace ch = hw::flow::clickhouse;

// These need servers: tests/e2e/clickhouse.py starts Debian's, one alone and two shards, and names them in
// HW_TEST_CLICKHOUSE (addresses without a database, with blanks between). Elsewhere they pass without a word.

namespace {

constexpr std::int64_t kDay = 86'400'000'000;
constexpr std::int64_t kStart = 16'400 * kDay;

std::vector<std::string> servers() {
    const char* text = std::getenv("HW_TEST_CLICKHOUSE");  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
    std::vector<std::string> out;
    std::string_view rest = text == nullptr ? std::string_view{} : std::string_view(text);
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        out.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
}

/// A fresh database with Headwater's tables.
ch::Http fresh(const std::string& server, const std::string& database) {
    const auto question = std::min(server.find('?'), server.size());
    auto url = ch::parse_url(server.substr(0, question) + "/" + database + server.substr(question));
    REQUIRE(url);
    auto admin = *url;
    admin.database = "default";
    const ch::Http first(admin);
    for (std::size_t host = 0; host < url->hosts.size(); ++host) {
        REQUIRE(first.write("DROP DATABASE IF EXISTS " + database, {}, host));
        REQUIRE(first.write("CREATE DATABASE " + database, {}, host));
    }
    return ch::Http(*url);
}

/// Flows over five days: short, without length, across midnight, and some that last for days.
std::vector<Flow> some_flows(std::size_t count) {
    std::mt19937_64 random(11);
    std::vector<Flow> flows(count);
    for (Flow& flow : flows) {
        flow.client = {net::Address::v4(0x0a000000 + static_cast<std::uint32_t>(random() % 20)), net::Port{static_cast<std::uint16_t>(1024 + random() % 60000)}};
        flow.server = {net::Address::v4(0x0a000000 + static_cast<std::uint32_t>(random() % 20)), net::Port{22}};
        flow.protocol = Protocol::tcp;
        flow.first = Time::from_micros(kStart + static_cast<std::int64_t>(random() % (5 * kDay)));
        const std::int64_t longest = random() % 10 == 0 ? 3 * kDay : 60'000'000;
        flow.last = random() % 3 == 0 ? flow.first : flow.first + Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(longest)));
        flow.request = {.packets = random() % 1000, .bytes = random(), .payload_bytes = random() % 5000};
        flow.observer = ObserverId{static_cast<std::uint16_t>(random() % 2)};
        if (random() % 2 == 0) { flow.activity = Activity::from_bins(std::vector<ActivityBin>{{bin_index(flow.first, kActivityBinWidth), 1, 5}}, {}); }
        flow.id = make_flow_id(flow.observer == ObserverId{0} ? "a" : "b", flow.client, flow.server, flow.protocol, flow.first);
    }
    return flows;
}

const std::vector<Observer> kObservers{{.name = "a", .interval = {Time::from_micros(kStart), Time::from_micros(kStart + 9 * kDay)}},
                                       {.name = "b", .interval = {Time::from_micros(kStart), Time::from_micros(kStart + 9 * kDay)}}};
const std::string kHash(64, 'a');

std::vector<Flow> copies(const std::vector<const Flow*>& flows) {
    std::vector<Flow> out;
    out.reserve(flows.size());
    for (const Flow* flow : flows) { out.push_back(*flow); }
    return out;
}

void import(const ch::Http& http, const std::string& hash, std::span<const Flow> flows, bool whole) {
    auto sink = ch::Sink::begin(http, {{.sha256 = hash, .path = "x.pcap", .format = "pcap", .records = 5, .flows = flows.size(), .note = "synthetic"}}, Time::from_micros(kStart));
    REQUIRE(sink);
    REQUIRE(sink->add(flows.first(flows.size() / 2), kObservers));
    REQUIRE(sink->add(flows.subspan(flows.size() / 2), kObservers));
    const std::vector<CoveredHost> coverage{{.address = net::Address::v4(0x0a000001), .observer = ObserverId{1}, .interval = kObservers[1].interval, .basis = CoverageBasis::capture_point}};
    if (whole) { REQUIRE(sink->commit(kObservers, coverage, Time::from_micros(kStart))); }
    else { REQUIRE(sink->add({}, kObservers)); }
}

}  // namespace

TEST_CASE("clickhouse: what is asked of the cluster comes as from memory, overlap and all") {
    for (const std::string& server : servers()) {
        CAPTURE(server);
        const std::vector<Flow> flows = some_flows(5000);
        auto http = fresh(server, "hw_test_source");
        REQUIRE(ch::create_tables(http));
        import(http, kHash, flows, true);
        const auto source = ch::Source::open(std::move(http));
        REQUIRE(source);
        const MemorySource memory(kObservers, flows);
        CHECK((*source)->coverage().size() == 1);
        REQUIRE((*source)->imports().size() == 1);
        CHECK((*source)->imports()[0] == ch::ImportNote{.sha256 = kHash, .path = "x.pcap", .format = "pcap", .records = 5, .flows = flows.size(), .note = "synthetic"});
        CHECK((*source)->observers().size() == 2);
        CHECK((*source)->observers()[1].name == "b");
        std::mt19937_64 random(5);
        for (int i = 0; i < 60; ++i) {
            const net::Address host = net::Address::v4(0x0a000000 + static_cast<std::uint32_t>(random() % 21));
            const Time from = Time::from_micros(kStart - kDay + static_cast<std::int64_t>(random() % (8 * kDay)));
            const Interval window{from, from + Duration(i % 3 == 0 ? 0 : static_cast<std::int64_t>(random() % kDay))};
            const auto got = (*source)->flows_of(host, window);
            REQUIRE(got);
            CHECK(copies(*got) == copies(*memory.flows_of(host, window)));
        }
        for (const Interval window : {Interval{Time::from_micros(kStart - kDay), Time::from_micros(kStart + 20 * kDay)},
                                      Interval{Time::from_micros(kStart + kDay), Time::from_micros(kStart + kDay + 1000)}}) {
            std::vector<const Flow*> got;
            std::vector<const Flow*> expected;
            REQUIRE((*source)->scan(window, [&](const Flow& flow) { return got.push_back(&flow), true; }));
            REQUIRE(memory.scan(window, [&](const Flow& flow) { return expected.push_back(&flow), true; }));
            CHECK(copies(got) == copies(expected));
        }
    }
}

TEST_CASE("clickhouse: an import that did not end shows nothing, and the same input imported again shows once") {
    for (const std::string& server : servers()) {
        CAPTURE(server);
        const std::vector<Flow> flows = some_flows(100);
        const Interval always{Time::from_micros(0), Time::from_micros(kStart * 2)};
        auto http = fresh(server, "hw_test_faults");
        REQUIRE(ch::create_tables(http));
        REQUIRE(ch::create_tables(http));  // does no harm
        import(http, kHash, flows, false);
        CHECK_FALSE(*ch::Sink::has(http, kHash));
        import(http, kHash, flows, true);
        CHECK(*ch::Sink::has(http, kHash));
        const auto source = ch::Source::open(std::move(http));
        REQUIRE(source);
        std::size_t count = 0;
        REQUIRE((*source)->scan(always, [&](const Flow&) { return ++count, true; }));
        CHECK(count == flows.size());
    }
}

TEST_CASE("clickhouse: what is missing or forbidden is told with a way out") {
    for (const std::string& server : servers()) {
        CAPTURE(server);
        auto http = fresh(server, "hw_test_empty");
        CHECK(ch::Source::open(std::move(http)).error().code == Errc::not_found);
        auto url = *ch::parse_url("clickhouse://default:wrong@" + server.substr(server.find("//") + 2, server.find('?') - server.find("//") - 2) + "/hw_test_empty" +
                                  (server.find('?') == std::string::npos ? "" : server.substr(server.find('?'))));
        const auto refused = ch::Http(url).read("SELECT 1");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::refused);
        CHECK(refused.error().where.find("wrong") == std::string::npos);
    }
    const auto nobody = ch::Http(*ch::parse_url("clickhouse://127.0.0.1:1/x")).read("SELECT 1");
    REQUIRE_FALSE(nobody);
    CHECK(nobody.error().code == Errc::unreadable);
    CHECK_FALSE(nobody.error().hint.empty());
}
