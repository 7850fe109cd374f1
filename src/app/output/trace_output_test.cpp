#include "app/output/trace_output.hpp"

#include "app/output/trail_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

namespace out = hw::app::output;
using hw::trace::EndingKind;

namespace {

/// Columns a terminal needs: bytes that begin a character.
std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("trace table: no line is wider than 100 columns") {
    for (const unsigned hops : {0U, 1U, 3U, 5U}) {
        const auto made = out::fixture::make(hops);
        std::istringstream lines(out::trace_table(made.result, made.context, out::Colour::off));
        for (std::string line; std::getline(lines, line);) {
            CAPTURE(line);
            CHECK(columns(line) <= 100);
        }
    }
}

TEST_CASE("trace table: an address is called the source only where the ending is of that kind") {
    for (const auto kind : {EndingKind::relay_upstream_unseen, EndingKind::lost}) {
        const auto made = out::fixture::make(3, kind);
        CHECK_FALSE(has(out::trace_table(made.result, made.context, out::Colour::off), "source"));
    }
    const auto made = out::fixture::make(3, EndingKind::source);
    CHECK(has(out::trace_table(made.result, made.context, out::Colour::off), "10.0.4.1 is the source as far as the data go"));
}

TEST_CASE("trace table: what the input's names hold cannot steer the terminal") {
    auto made = out::fixture::make(2);
    made.context.observers[1].name = "evil\x1b[2J\r\nname";
    made.context.inputs[0].path = "a\x1b]0;title\x07.pcap";
    made.context.failures.push_back({hw::Errc::malformed, "bad\x9b" "31m", "x\x7fy", ""});
    made.result.trails[0].ending.reason = "seen by \x1b[31mred\nline";
    made.context.note = "note\x08\x08";
    const std::string text = out::trace_table(made.result, made.context, out::Colour::off);
    CHECK(std::ranges::none_of(text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; }));
    CHECK_FALSE(has(text, "\x9b"));
    CHECK(has(text, "evil\\x1b[2J\\x0d\\x0aname"));
}

TEST_CASE("trace table: colour changes nothing but the colour") {
    const auto made = out::fixture::make(3);
    std::string coloured = out::trace_table(made.result, made.context, out::Colour::on);
    CHECK(has(coloured, "\x1b[1m"));
    for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b')) {
        coloured.erase(at, coloured.find('m', at) - at + 1);
    }
    CHECK(coloured == out::trace_table(made.result, made.context, out::Colour::off));
}

TEST_CASE("trace table: of many networks to ask it names the first five, and says how many more there are") {
    auto made = out::fixture::make(1);
    made.result.asks.assign(8, {hw::net::Address::v4(0x0A000401), made.context.interval, 0.1});
    CHECK(has(out::trace_table(made.result, made.context, out::Colour::off), "  and 3 more (--json)\n"));
    made.result.asks.resize(5);
    CHECK_FALSE(has(out::trace_table(made.result, made.context, out::Colour::off), "more (--json)"));
}

TEST_CASE("trace table: an interrupted search says so first") {
    auto made = out::fixture::make(1);
    made.result.interrupted = true;
    CHECK(out::trace_table(made.result, made.context, out::Colour::off).starts_with("INTERRUPTED"));
}

TEST_CASE("trace json: has the members of the contract") {
    const auto made = out::fixture::make(3);
    const std::string text = out::trace_json(made.result, made.context);
    for (const char* member :
         {"\"schema\": \"headwater.trace/1\"", "\"trails\"", "\"probability\"", "\"hops\"", "\"relay\"", "\"inbound\"", "\"outbound\"",
          "\"control\": \"call-back\"", "\"llr_db\"", "\"p\"", "\"channels\"", "\"activity_db\"", "\"record_db\"", "\"sequence_db\": null",
          "\"shape_db\"", "\"lag_ms\": 20.4", "\"ending\"", "\"kind\": \"source\"", "\"address\"", "\"reason\"", "\"ask\"", "\"asn\"",
          "\"operator\"", "\"country\"", "\"pairs_tested\": 1234", "\"expected_false_accusations\"", "\"inputs\"", "\"path\"", "\"sha256\"",
          "\"records\"", "\"skipped\": 3", "\"client\"", "\"server\"", "\"protocol\": \"tcp\"", "\"first\": \"2014-11-24T10:00:00.080000Z\"",
          "\"last\"", "\"request\"", "\"reply\"", "\"packets\"", "\"bytes\"", "\"observer\"", "\"id\""}) {
        CAPTURE(member);
        CHECK(has(text, member));
    }
}

TEST_CASE("trace json: without a trail the list is empty, not missing") {
    const out::Context context;
    CHECK(has(out::trace_json({}, context), "\"trails\": []"));
}

TEST_CASE("trace ndjson: one trail a line") {
    const auto made = out::fixture::make(2);
    const std::string text = out::trace_ndjson(made.result, made.context);
    CHECK(std::ranges::count(text, '\n') == 2);
}

TEST_CASE("trace csv: one hop a line under a heading, each as wide as the heading") {
    const auto made = out::fixture::make(3);
    std::istringstream lines(out::trace_csv(made.result, made.context));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) { CHECK(std::ranges::count(line, ',') == 25); }
    CHECK(count == 1 + 3 + 2);
}
