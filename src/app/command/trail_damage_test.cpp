#include "app/command/trail_damage.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using hw::app::command::damage_of;

namespace {

std::string flow(const std::string& id, const std::string& client, const std::string& server, const std::string& more = {}) {
    return R"({"id":")" + id + R"(","client":{"address":")" + client + R"("},"server":{"address":")" + server +
           R"("},"first":"2014-11-24T10:00:00Z","last":"2014-11-24T10:05:00Z","request":{"packets":10,"bytes":1000,"payload_bytes":600},"reply":{"packets":20,"bytes":20000,"payload_bytes":19000})" + more + "}";
}

std::vector<weigh::Damage> read(const std::string& trails) { return damage_of(parse_json(R"({"parameters":{"victim":"192.0.2.1:22"},"trails":[)" + trails + "]}", "test").value()); }

}  // namespace

TEST_CASE("what the victim sent in the attack flow is what left, and relays are followed") {
    const auto told = read(R"({"attack":)" + flow("a", "198.51.100.9", "192.0.2.1") + R"(,"hops":[{"relay":"198.51.100.9","inbound":)" + flow("b", "203.0.113.5", "198.51.100.9") + "}]}");
    REQUIRE(told.size() == 1);
    CHECK(*told[0].bytes == 19000);
    CHECK(*told[0].bytes_low == *told[0].bytes_high);
    CHECK(told[0].hosts == std::vector<std::string>{"192.0.2.1"});
    CHECK(told[0].severity == weigh::Severity::unknown);
    CHECK(told[0].words == "payload that left 192.0.2.1 for 198.51.100.9 in the traced connection; 198.51.100.9 sent 19.0 kB on to 203.0.113.5");
    CHECK(to_rfc3339(*told[0].to).starts_with("2014-11-24T10:05"));
}

TEST_CASE("a victim that called back sent in the other direction") {
    CHECK(*read(R"({"attack":)" + flow("a", "192.0.2.1", "198.51.100.9") + "}")[0].bytes == 600);
}

TEST_CASE("of sampled flows all bytes are estimated, with bounds") {
    const auto told = read(R"({"attack":)" + flow("a", "198.51.100.9", "192.0.2.1", R"(,"sampling":100)") + "}");
    REQUIRE(told.size() == 1);
    CHECK(*told[0].bytes == 2e6);
    CHECK(*told[0].bytes_low < 1.7e6);
    CHECK(*told[0].bytes_high > 2.3e6);
    CHECK(told[0].words.starts_with("traffic that left"));
}

TEST_CASE("several trails of one flow are one damage; what is not the victim's is none") {
    CHECK(read(R"({"attack":)" + flow("a", "198.51.100.9", "192.0.2.1") + R"(},{"attack":)" + flow("a", "198.51.100.9", "192.0.2.1") + "}").size() == 1);
    CHECK(read(R"({"attack":)" + flow("a", "198.51.100.9", "192.0.2.7") + "}").empty());
    CHECK(read(R"({"attack":null},{})").empty());
    CHECK(damage_of(JsonValue()).empty());
}
