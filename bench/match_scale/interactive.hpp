#pragma once

// Made-up interactive sessions and what relays, jitter and chaff make of them: the simulation behind DESIGN, section 5
// (reference figures: 300 s, log-normal keystrokes of 0.16 s with an echo each, bursts of output, Pareto pauses for
// thought; about 1,545 packets). A deterministic generator of its own, since those of the library differ between systems.

#include "flow/activity.hpp"
#include "trace/epoch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace hw::bench {

/// SplitMix64 (Steele et al. 2014), with the few laws that are needed.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15ULL;
        z = (z ^ (z >> 30U)) * 0xbf58'476d'1ce4'e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d0'49bb'1331'11ebULL;
        return z ^ (z >> 31U);
    }
    double unit() { return (static_cast<double>(next() >> 11U) + 0.5) * 0x1.0p-53; }
    double normal() { return std::sqrt(-2 * std::log(unit())) * std::cos(2 * std::numbers::pi * unit()); }
    double exponential(double mean) { return -mean * std::log(unit()); }

private:
    std::uint64_t state_;
};

/// Moments of packets in one session, seconds from the epoch's begin.
struct Session {
    std::vector<double> request;
    std::vector<double> reply;
};

inline Session typed_session(std::uint64_t seed, double length) {
    Random random(seed);
    Session s;
    double t = -20 * random.unit();  // it was under way before
    const double pace = 0.16 * std::exp(0.15 * random.normal());
    while (t < length) {
        const int keys = 4 + static_cast<int>(random.unit() * 20);
        for (int k = 0; k < keys; ++k) {
            t += pace * std::exp(0.5 * random.normal());
            s.request.push_back(t);
            s.reply.push_back(t + 0.03);
        }
        const int output = static_cast<int>(random.unit() * 15);
        for (int k = 0; k < output; ++k) { s.reply.push_back(t + 0.05 + 0.01 * k); }
        t += std::min(20.0, 0.9 * std::pow(random.unit(), -1 / 1.5));
    }
    std::ranges::sort(s.reply);
    const auto outside = [&](double x) { return x < 0 || x >= length; };
    std::erase_if(s.request, outside);
    std::erase_if(s.reply, outside);
    return s;
}

/// What is done to a session on its way through the relays.
struct Evasion {
    double jitter = 0;  ///< Each packet is delayed by a uniform time up to this, seconds; order is kept.
    double chaff = 0;   ///< Poisson chaff in each direction, as a multiple of its packets.
    double offset = 0;  ///< How far the second observer's clock is ahead, seconds.
};

inline std::vector<double> delayed(const std::vector<double>& in, double jitter, Random& random) {
    std::vector<double> out(in);
    double last = -1e9;
    for (auto& t : out) {
        t = std::max(last, t + jitter * random.unit());
        last = t;
    }
    // Packets within 3 ms of each other are merged.
    std::vector<double> merged;
    for (const double t : out) {
        if (merged.empty() || t - merged.back() > 0.003) { merged.push_back(t); }
    }
    return merged;
}

inline void add_chaff(std::vector<double>& times, double share, double length, Random& random) {
    if (share <= 0 || times.empty()) { return; }
    const double mean = length / (share * static_cast<double>(times.size()));
    for (double t = random.exponential(mean); t < length; t += random.exponential(mean)) { times.push_back(t); }
    std::ranges::sort(times);
}

/// Both ends of a chain: what is seen near the master and near the victim. Requests reach the victim late; replies are seen
/// there first and reach the master late.
struct Ends {
    Session a;
    Session b;
};

inline Ends chain(std::uint64_t seed, double length, const Evasion& evasion) {
    Random random(seed ^ 0xc0ff'ee00'dead'beefULL);
    const Session session = typed_session(seed, length);
    Ends ends;
    ends.a.request = session.request;
    ends.b.request = delayed(session.request, evasion.jitter, random);
    ends.b.reply = session.reply;
    ends.a.reply = delayed(session.reply, evasion.jitter, random);
    add_chaff(ends.b.request, evasion.chaff, length, random);
    add_chaff(ends.b.reply, evasion.chaff, length, random);
    for (auto* times : {&ends.b.request, &ends.b.reply}) {
        for (auto& t : *times) { t += evasion.offset; }
    }
    return ends;
}

inline std::vector<flow::ActivityBin> bins_of(const std::vector<double>& times) {
    std::vector<flow::ActivityBin> bins;
    for (const double t : times) {
        const auto index = static_cast<std::int64_t>(std::floor(t * 4));
        if (bins.empty() || bins.back().index != index) { bins.push_back({index, 0, 0}); }
        ++bins.back().packets;
        bins.back().bytes += 48;
    }
    return bins;
}

inline trace::Epoch epoch_of(const Session& session, double length, const trace::EpochShape& shape = {}) {
    const auto micros = static_cast<std::int64_t>(length * 1e6);
    return trace::Epoch::make(bins_of(session.request), bins_of(session.reply), {Time::from_micros(-10'000'000), Time::from_micros(micros + 10'000'000)}, 0, shape);
}

}  // namespace hw::bench
