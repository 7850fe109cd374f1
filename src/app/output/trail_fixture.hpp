#pragma once

// Trails made by hand for the tests of the renderers.

#include "app/output/context.hpp"
#include "trace/trail.hpp"

#include <cmath>
#include <deque>
#include <string>
#include <vector>

namespace hw::app::output::fixture {

/// A result with everything it points to.
struct Made {
    std::deque<flow::Flow> flows;
    trace::TraceResult result;
    Context context;
};

inline net::Address host(unsigned number) { return net::Address::v4(0x0a00'0001U + (number << 8U)); }  // 10.0.N.1

inline Time start() { return Time::from_micros(1'416'823'200'000'000); }  // 2014-11-24T10:00:00Z

/// Bursts of typing with pauses, the same for every flow but for the lag.
inline flow::Activity typing(Time first, std::chrono::milliseconds lag, std::size_t seconds) {
    std::vector<flow::ActivityBin> request;
    std::vector<flow::ActivityBin> reply;
    const std::int64_t base = (first + lag).micros() / 250'000;
    for (std::size_t i = 0; i < seconds * 4; ++i) {
        const double phase = std::sin(static_cast<double>(i) * 0.11) + std::sin(static_cast<double>(i) * 0.037);
        if (phase < 0.4) { continue; }
        const auto packets = static_cast<std::uint32_t>(1 + 5 * (phase - 0.4));
        request.push_back({base + static_cast<std::int64_t>(i), packets, packets * 48U});
        reply.push_back({base + static_cast<std::int64_t>(i), packets + 1, packets * 300U});
    }
    return flow::Activity::from_bins(request, reply);
}

inline flow::Flow& add_flow(Made& made, unsigned from, unsigned to, std::uint16_t port, std::uint16_t observer, std::chrono::milliseconds lag) {
    flow::Flow& flow = made.flows.emplace_back();
    flow.id = static_cast<flow::FlowId>(0x1000U + made.flows.size());
    flow.observer = static_cast<flow::ObserverId>(observer);
    flow.client = {host(from), net::Port{static_cast<std::uint16_t>(40000 + from)}};
    flow.server = {host(to), net::Port{port}};
    flow.protocol = flow::Protocol::tcp;
    flow.first = start() + lag;
    flow.last = start() + lag + std::chrono::seconds(240);
    flow.request = {.packets = 312, .bytes = 24'100, .payload_bytes = 8'000};
    flow.reply = {.packets = 280, .bytes = 31'000, .payload_bytes = 16'000};
    flow.activity = typing(start(), lag, 240);
    return flow;
}

/// A trail of `hops` relays: host 0 is the victim, host `hops`+1 the end of it.
inline Made make(unsigned hops, trace::EndingKind kind = trace::EndingKind::source) {
    Made made;
    made.context.version = "0.0.0";
    made.context.parameters = {{"victim", "10.0.0.1:22"}, {"max-lag", "6s"}, {"seed", "1"}};
    made.context.interval = {start(), start() + std::chrono::seconds(300)};
    for (unsigned i = 0; i <= hops + 1; ++i) {
        const std::string name = i == 0 ? "victim" : "relay-" + std::to_string(i);
        made.context.observers.push_back({name, made.context.interval});
        if (i <= hops || kind == trace::EndingKind::source) {
            made.context.coverage.push_back({host(i), static_cast<flow::ObserverId>(i), made.context.interval, flow::CoverageBasis::capture_point});
        }
        flow::read::ReadReport report;
        report.path = "captures/" + name + ".pcap";
        report.format = "pcap";
        report.sha256 = std::string(64, static_cast<char>('a' + i % 6));
        report.records = 1000 + i;
        report.flows = 20 + i;
        report.bytes = 123'456;
        if (i == 1) { report.skipped["truncated IPv4 header"] = {.count = 3, .first_offsets = {240, 512, 900}}; }
        made.context.inputs.push_back(report);
    }
    made.context.flows = 40;

    trace::Trail trail;
    trail.probability = 0.97;
    trail.attack = &add_flow(made, 1, 0, 22, 0, std::chrono::milliseconds(20 * (hops + 1)));
    for (unsigned i = 1; i <= hops; ++i) {
        const auto lag = std::chrono::milliseconds(20 * (hops + 1 - i));
        trace::Hop hop;
        hop.relay = host(i);
        hop.observer = static_cast<flow::ObserverId>(i);
        hop.candidates = 4 + i;
        hop.link.outbound = &add_flow(made, i, i - 1, 22, static_cast<std::uint16_t>(i), lag + std::chrono::milliseconds(20));
        hop.link.inbound = &add_flow(made, i + 1, i, 1080, static_cast<std::uint16_t>(i), lag);
        hop.link.control = i == 2 ? trace::Control::call_back : trace::Control::forward;
        if (i == 2) { std::swap(made.flows.back().client, made.flows.back().server); }
        hop.link.channels.activity = Decibans(36.4);
        hop.link.channels.record = Decibans(7.5);
        hop.link.llr = Decibans(41.2);
        hop.link.p = 1.2e-6;
        hop.link.posterior = 0.98;
        hop.link.lag_request = std::chrono::microseconds(20'400);
        hop.link.lag_reply = std::chrono::microseconds(18'100);
        hop.link.scale_s = 0.5;
        trail.hops.push_back(hop);
    }
    trail.ending = {kind, host(hops + 1), 0.94, "12 other flows of it were weighed, and none of them feeds this one"};
    made.result.trails.push_back(trail);
    if (hops > 0) {
        trace::Trail other = trail;
        other.probability = 0.021;
        other.hops.pop_back();
        other.ending = {trace::EndingKind::lost, host(hops), 0.02, "some fit in part, none well enough to follow"};
        made.result.trails.push_back(other);
    }
    made.result.clocks = {{static_cast<flow::ObserverId>(0), Duration(0), 0}, {static_cast<flow::ObserverId>(1), std::chrono::milliseconds(1500), 7}};
    made.result.pairs_tested = 1234;
    made.result.expected_false_accusations = 0.0015;
    return made;
}

}  // namespace hw::app::output::fixture
