#include "flow/read/export_flows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <tuple>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint8_t kWhole = tcp_flag::syn | tcp_flag::ack | tcp_flag::fin;

ExportRecord record(bool forward, double first, double last, std::uint64_t packets = 10, std::uint8_t flags = kWhole, std::uint8_t protocol = 6) {
    ExportRecord r;
    r.source = net::Address::v4(forward ? 0x0a000001 : 0xc6336401);
    r.destination = net::Address::v4(forward ? 0xc6336401 : 0x0a000001);
    r.source_port = forward ? 40000 : 8443;
    r.destination_port = forward ? 8443 : 40000;
    r.protocol = protocol;
    r.tcp_flags = flags;
    r.first = Time::from_micros(static_cast<std::int64_t>(first * static_cast<double>(kSecond)));
    r.last = Time::from_micros(static_cast<std::int64_t>(last * static_cast<double>(kSecond)));
    r.packets = packets;
    r.bytes = packets * 100;
    return r;
}

std::vector<Flow> flows_of(std::initializer_list<ExportRecord> records, ReadReport* out = nullptr) {
    ExportFlows flows("router");
    for (const auto& r : records) { flows.add(r); }
    ReadReport report;
    const std::array exporters{net::Address::v4(0xc0000201)};
    const std::array<std::uint32_t, 1> rates{0};
    auto made = flows.take({.addresses = exporters, .late_rates = rates}, report);
    if (out != nullptr) { *out = report; }
    return made;
}

TEST_CASE("export flows: two directions of one conversation become one flow, the earlier being the client's") {
    for (const bool turned : {false, true}) {
        const auto flows = turned ? flows_of({record(false, 100.05, 110), record(true, 100, 110.1, 12)}) : flows_of({record(true, 100, 110.1, 12), record(false, 100.05, 110)});
        REQUIRE(flows.size() == 1);
        CHECK(flows[0].client == net::Endpoint{net::Address::v4(0x0a000001), net::Port{40000}});
        CHECK(flows[0].request.packets == 12);
        CHECK(flows[0].reply.packets == 10);
        CHECK(flows[0].basis == InitiatorBasis::syn);
        CHECK(flows[0].first == Time::from_micros(100 * kSecond));
        CHECK(flows[0].last == Time::from_micros(110'100'000));
        CHECK(flows[0].end == FlowEnd::end_of_flow);
        CHECK(flows[0].request.payload_bytes == 0);
    }
}

TEST_CASE("export flows: who alone sent a SYN is the client, whatever the clock says") {
    const auto flows = flows_of({record(false, 100, 110, 10, tcp_flag::ack), record(true, 100.5, 110, 10, tcp_flag::syn | tcp_flag::ack)});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].client.port) == 40000);
    CHECK(flows[0].basis == InitiatorBasis::syn);
}

TEST_CASE("export flows: with equal times the lower port serves") {
    const auto flows = flows_of({record(false, 100, 110, 10, tcp_flag::ack), record(true, 100, 110, 10, tcp_flag::ack)});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].server.port) == 8443);
    CHECK(flows[0].basis == InitiatorBasis::port);
}

TEST_CASE("export flows: directions that do not meet in time stay apart") {
    CHECK(flows_of({record(true, 100, 110), record(false, 115.1, 120)}).size() == 2);
    CHECK(flows_of({record(true, 100, 110), record(false, 114.9, 120)}).size() == 1);
}

TEST_CASE("export flows: pieces that an active timeout cut are marked, and paired each with its own") {
    const auto flows = flows_of({record(true, 100, 160, 60, tcp_flag::syn | tcp_flag::ack), record(false, 100.1, 160.2, 50, tcp_flag::syn | tcp_flag::ack),
                                 record(true, 160.5, 220, 61, tcp_flag::ack), record(false, 160.6, 220.1, 51, tcp_flag::ack),
                                 record(true, 220.5, 230, 10, tcp_flag::ack | tcp_flag::fin), record(false, 220.6, 230, 9, tcp_flag::ack | tcp_flag::fin)});
    REQUIRE(flows.size() == 3);
    CHECK(flows[0].end == FlowEnd::active_timeout);
    CHECK(flows[1].end == FlowEnd::active_timeout);
    CHECK(flows[1].request.packets == 61);
    CHECK(flows[1].reply.packets == 51);
    CHECK(flows[2].end == FlowEnd::end_of_flow);
}

TEST_CASE("export flows: a copy of the same packets at the interface they left by counts once") {
    auto in = record(true, 100, 110);
    auto out = record(true, 100, 110);
    in.leaving = 0;
    out.leaving = 1;
    ReadReport report;
    const auto flows = flows_of({in, out, record(false, 100.1, 110)}, &report);
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].request.packets == 10);
    CHECK(report.skipped.at("second record of the same packets").count == 1);
}

TEST_CASE("export flows: of counts since the beginning only the last is taken") {
    auto early = record(true, 100, 130, 10, tcp_flag::ack);
    auto late = record(true, 100, 160, 25, tcp_flag::ack);
    early.cumulative = true;
    late.cumulative = true;
    const auto flows = flows_of({early, late});
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].request.packets == 25);
}

TEST_CASE("export flows: an answer seen alone is the server's where a service's port says so") {
    auto alone = record(false, 100, 110, 4, 0, 17);
    alone.source_port = 53;
    const auto flows = flows_of({alone});
    REQUIRE(flows.size() == 1);
    CHECK(net::number(flows[0].server.port) == 53);
    CHECK(flows[0].request.packets == 0);
    CHECK(flows[0].reply.packets == 4);
}

TEST_CASE("export flows: an echo reply's destination has asked") {
    auto reply = record(true, 100, 101, 2, 0, 1);
    reply.source_port = 0;
    reply.destination_port = 0;
    auto ask = record(false, 100, 101, 2, 0, 1);
    ask.source_port = 0;
    ask.destination_port = 0;
    reply.echo_reply = true;
    const auto flows = flows_of({ask, reply});
    REQUIRE(flows.size() == 1);
    CHECK(flows[0].client.address == ask.source);
}

/// Hours of conversations of all lengths as an exporter tells them: each direction when it has ended, long ones in pieces of five minutes.
std::vector<ExportRecord> hours_of_records() {
    std::mt19937_64 random(11);
    const auto unit = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
    struct Told {
        double at;
        ExportRecord record;
    };
    std::vector<Told> told;
    for (unsigned i = 0; i < 3000; ++i) {
        const double start = 4 * 3600 * unit();
        const double length = i % 40 == 0 ? 600 + 3000 * unit() : 0.1 + 30 * unit();
        const bool tcp = unit() < 0.7;
        for (const bool forward : {true, false}) {
            if (!forward && unit() < 0.1) { continue; }  // seen one way
            for (double from = 0; from < length; from += 300) {
                const double to = std::min(length, from + 299.5);
                const auto flags = static_cast<std::uint8_t>(tcp ? (from == 0 ? tcp_flag::syn : 0) | tcp_flag::ack | (to == length ? tcp_flag::fin : 0) : 0);
                ExportRecord r = record(forward, 1e9 + start + from + (forward ? 0 : 0.02), 1e9 + start + to + 0.03, 1 + random() % 50, flags, tcp ? 6 : 17);
                (forward ? r.source_port : r.destination_port) = static_cast<std::uint16_t>(20000 + i);
                told.push_back({start + to + (to == length ? (tcp ? 1 : 15) : 0) + 5 * unit(), r});
            }
        }
    }
    std::ranges::stable_sort(told, {}, &Told::at);
    std::vector<ExportRecord> records;
    records.reserve(told.size());
    for (const Told& each : told) { records.push_back(each.record); }
    return records;
}

TEST_CASE("export flows: taken as they settle, flows are those that are taken at the end") {
    const auto records = hours_of_records();
    const std::array exporters{net::Address::v4(0xc0000201)};
    const std::array<std::uint32_t, 1> rates{0};
    ReadReport report;
    ExportFlows whole("router");
    whole.add(records);
    auto expected = whole.take({.addresses = exporters, .late_rates = rates}, report);

    ExportFlows piecemeal("router");
    std::vector<Flow> got;
    std::size_t most = 0;
    for (const ExportRecord& r : records) {
        piecemeal.add(r);
        most = std::max(most, piecemeal.held());
        if (piecemeal.held() < 1000) { continue; }
        piecemeal.take_settled({.addresses = exporters, .late_rates = rates}, report, [&](std::span<Flow> some) { got.insert(got.end(), some.begin(), some.end()); });
        CHECK(piecemeal.held() < 800);
    }
    auto rest = piecemeal.take({.addresses = exporters, .late_rates = rates}, report);
    got.insert(got.end(), rest.begin(), rest.end());
    CHECK(most <= 1000);
    const auto order = [](const Flow& a, const Flow& b) { return std::tuple(a.first, a.id, a.last) < std::tuple(b.first, b.id, b.last); };
    std::ranges::sort(expected, order);
    std::ranges::sort(got, order);
    REQUIRE(got.size() == expected.size());
    std::size_t unlike = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const Flow& a = got[i];
        const Flow& b = expected[i];
        unlike += a.id == b.id && a.first == b.first && a.last == b.last && a.end == b.end && a.request.packets == b.request.packets && a.reply.packets == b.reply.packets ? 0 : 1;
    }
    CHECK(unlike == 0);
}

TEST_CASE("export flows: records that all seem to go on cannot fill the memory") {
    const std::array exporters{net::Address::v4(0xc0000201)};
    const std::array<std::uint32_t, 1> rates{0};
    ReadReport report;
    ExportFlows flows("router");
    for (unsigned i = 0; i < 1000; ++i) {
        ExportRecord r = record(true, 1e9, 1e9 + 60, 10, 0, 17);
        r.source_port = static_cast<std::uint16_t>(i);
        flows.add(r);
    }
    std::size_t given = 0;
    flows.take_settled({.addresses = exporters, .late_rates = rates}, report, [&](std::span<Flow> some) { given += some.size(); });
    CHECK(given == 1000);
    CHECK(report.skipped.at("the other direction was not waited for: too many records at a time").count == 1000);
    CHECK(flows.held() == 0);
}

}  // namespace
