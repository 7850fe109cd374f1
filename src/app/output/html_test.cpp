#include "app/output/html.hpp"

#include "app/output/trail_fixture.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

namespace out = hw::app::output;
using hw::trace::EndingKind;

namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// With HEADWATER_TEST_REPORTS set to a folder, the reports are left there to be looked at.
void keep(const char* name, const std::string& html) {
    if (const char* folder = std::getenv("HEADWATER_TEST_REPORTS")) { std::ofstream(std::string(folder) + "/" + name) << html; }
}

}  // namespace

TEST_CASE("html: the report loads nothing and runs nothing") {
    for (const unsigned hops : {0U, 1U, 3U, 5U}) {
        auto made = out::fixture::make(hops);
        const std::string html = out::trace_html(made.result, made.context);
        keep(("hops-" + std::to_string(hops) + ".html").c_str(), html);
        CHECK(holds(html, "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        for (const char* forbidden : {"<script", "http://", "https://", "src=", "href=", "@import", "url(http", "javascript:", "onload"}) {
            CAPTURE(forbidden);
            CHECK_FALSE(holds(html, forbidden));
        }
    }
}

TEST_CASE("html: what the input's names hold stays text") {
    auto made = out::fixture::make(3, EndingKind::lost);
    const std::string evil = "\"><script>alert(1)</script><svg onload='x'>\x1b[2J";
    for (auto& observer : made.context.observers) { observer.name = evil; }
    for (auto& input : made.context.inputs) { input.path = evil; input.format = evil; input.skipped[evil] = {.count = 1, .first_offsets = {}}; }
    made.context.failures.push_back({hw::Errc::malformed, evil, evil, evil});
    made.context.note = evil;
    made.context.parameters.emplace_back("victim", evil);
    for (auto& trail : made.result.trails) { trail.ending.reason = evil; }
    const std::string html = out::trace_html(made.result, made.context);
    keep("hostile.html", html);
    CHECK_FALSE(holds(html, "<script"));
    CHECK_FALSE(holds(html, "<svg onload"));
    CHECK_FALSE(holds(html, "\x1b"));
    CHECK(holds(html, "&lt;script&gt;"));
}

TEST_CASE("html: an address is called the source only where the ending is of that kind") {
    for (const auto kind : {EndingKind::relay_upstream_unseen, EndingKind::lost}) {
        auto made = out::fixture::make(3, kind);
        made.result.trails.resize(1);
        made.context.note = "laboratory traffic";
        const std::string html = out::trace_html(made.result, made.context);
        keep(kind == EndingKind::lost ? "lost.html" : "unseen.html", html);
        const std::string body = html.substr(html.find("<body>"));
        CHECK_FALSE(holds(body, "source"));
    }
}

TEST_CASE("html: without a trail the report still says what was read") {
    auto made = out::fixture::make(1);
    made.result.trails.clear();
    made.result.pairs_tested = 0;
    const std::string html = out::trace_html(made.result, made.context);
    CHECK(holds(html, "nothing to trace"));
    CHECK(holds(html, "captures/victim.pcap"));
}

TEST_CASE("html: flows without a course over time are said to be so, not drawn as silence") {
    auto made = out::fixture::make(2);
    for (auto& flow : made.flows) { flow.activity = {}; }
    CHECK(holds(out::trace_html(made.result, made.context), "only totals"));
}

TEST_CASE("html: the note stands on every printed page") {
    auto made = out::fixture::make(1);
    made.context.note = "laboratory traffic";
    CHECK(holds(out::trace_html(made.result, made.context), "<thead><tr><td><div class=\"banner\">laboratory traffic</div>"));
}

TEST_CASE("html: a control session of days does not press the attack into a hair") {
    auto made = out::fixture::make(2);
    for (auto& flow : made.flows) {
        if (flow.server.port == hw::net::Port{1080}) { flow.first = flow.first - std::chrono::hours(48); }
    }
    const std::string html = out::trace_html(made.result, made.context);
    keep("long.html", html);
    CHECK(holds(html, "‹"));
}

TEST_CASE("html: long addresses and names fit") {
    auto made = out::fixture::make(3, EndingKind::relay_upstream_unseen);
    const auto wide = [](const hw::net::Address& a) { return hw::net::Address::v6(0x2001'0db8'aaaa'bbbbULL, 0xcccc'dddd'0000'0000ULL | a.low()); };
    for (auto& flow : made.flows) { flow.client.address = wide(flow.client.address); flow.server.address = wide(flow.server.address); }
    for (auto& covered : made.context.coverage) { covered.address = wide(covered.address); }
    for (auto& trail : made.result.trails) {
        trail.ending.address = wide(trail.ending.address);
        for (auto& hop : trail.hops) { hop.relay = wide(hop.relay); }
    }
    for (auto& observer : made.context.observers) { observer.name = "a-very-long-observer-name-of-some-network-operator/" + observer.name; }
    keep("long-names.html", out::trace_html(made.result, made.context));
    CHECK(true);
}
