#pragma once

// Made-up traffic for the tests of this room: typed sessions, copies of them as a relay would pass them on, and the
// flows and sources that hold them. Laws as in the simulation behind DESIGN, section 5: log-normal keystrokes, an echo
// each, bursts of output, Pareto pauses for thought.

#include "flow/memory_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace hw::trace::test {

inline Time at_s(double seconds) { return Time::from_micros(1'700'000'000'000'000 + static_cast<std::int64_t>(seconds * 1e6)); }
inline net::Address ip(unsigned last) { return net::Address::v4(0xC6120000U + last); }

/// Moments of packets in one session, seconds.
struct Packets {
    std::vector<double> request;
    std::vector<double> reply;
};

inline Packets typed_session(std::uint64_t seed, double start, double length) {
    std::mt19937_64 random(seed);
    std::lognormal_distribution<double> key(std::log(0.16), 0.5);
    std::uniform_real_distribution<double> unit(0, 1);
    Packets p;
    double t = start;
    for (int i = 0; i < 12; ++i) {  // log-in
        p.request.push_back(t + 0.05 * i);
        p.reply.push_back(t + 0.05 * i + 0.02);
    }
    t += 1;
    while (t < start + length) {
        const int keys = 4 + static_cast<int>(unit(random) * 20);
        for (int k = 0; k < keys && t < start + length; ++k) {
            t += key(random);
            p.request.push_back(t);
            p.reply.push_back(t + 0.03);
        }
        const int output = static_cast<int>(unit(random) * 15);
        for (int k = 0; k < output; ++k) { p.reply.push_back(t + 0.05 + 0.01 * k); }
        t += std::min(20.0, 0.8 * std::pow(unit(random), -1 / 1.5));
    }
    std::ranges::sort(p.reply);
    return p;
}

/// What a relay makes of a session: requests leave `delay` (± `jitter`) later, replies were there as much earlier.
inline Packets relayed(const Packets& in, std::uint64_t seed, double delay, double jitter) {
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> wobble(0, jitter);
    Packets out = in;
    for (auto& t : out.request) { t += delay + wobble(random); }
    for (auto& t : out.reply) { t -= delay + wobble(random); }
    std::ranges::sort(out.request);
    std::ranges::sort(out.reply);
    return out;
}

inline std::vector<flow::ActivityBin> to_bins(const std::vector<double>& times) {
    std::map<std::int64_t, std::uint32_t> counts;
    for (const double t : times) { ++counts[at_s(t).micros() / flow::kActivityBinWidth.count()]; }
    std::vector<flow::ActivityBin> bins;
    for (const auto& [index, packets] : counts) { bins.push_back({index, packets, 48ULL * packets}); }
    return bins;
}

/// A TCP flow that carries `packets`, client and server given as `ip(n)` and port.
inline flow::Flow make_flow(const std::string& observer_name, unsigned observer, unsigned client, std::uint16_t client_port, unsigned server,
                            std::uint16_t server_port, const Packets& packets) {
    flow::Flow f;
    f.observer = static_cast<flow::ObserverId>(observer);
    f.client = {ip(client), net::Port{client_port}};
    f.server = {ip(server), net::Port{server_port}};
    f.protocol = flow::Protocol::tcp;
    f.basis = flow::InitiatorBasis::syn;
    double first = 1e18;
    double last = 0;
    for (const auto* side : {&packets.request, &packets.reply}) {
        for (const double t : *side) {
            first = std::min(first, t);
            last = std::max(last, t);
        }
    }
    f.first = at_s(first);
    f.last = at_s(last);
    f.request = {packets.request.size(), 100 * packets.request.size(), 48 * packets.request.size(), flow::tcp_flag::syn | flow::tcp_flag::ack, 64, 64};
    f.reply = {packets.reply.size(), 100 * packets.reply.size(), 48 * packets.reply.size(), flow::tcp_flag::syn | flow::tcp_flag::ack, 60, 60};
    f.activity = flow::Activity::from_bins(to_bins(packets.request), to_bins(packets.reply));
    f.id = flow::make_flow_id(observer_name, f.client, f.server, f.protocol, f.first);
    return f;
}

}  // namespace hw::trace::test
