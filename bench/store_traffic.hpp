#pragma once

// Made-up flows of one day that stores are measured with: unidirectional, 50,000 inner hosts (Zipf 0.9), 2 million outer ones (Zipf 1.05),
// 6 % scans.

#include "flow/flow.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <random>

namespace hw::flow::bench {

inline constexpr std::int64_t kDayMs = 86'400'000;

/// A rank of `count`, from the continuous form of Zipf's law.
inline std::uint32_t zipf(double chance, double count, double exponent) {
    const double power = 1 - exponent;
    return static_cast<std::uint32_t>(std::min(count - 1, std::pow((std::pow(count, power) - 1) * chance + 1, 1 / power) - 1));
}

inline std::uint32_t scattered(std::uint32_t rank) { return (rank + 1) * 0x9e37'79b1U; }

inline Flow make_flow(std::mt19937_64& random, std::int64_t ms) {
    const auto chance = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
    Flow f;
    const std::uint32_t inner = 0x0a00'0000U + zipf(chance(), 50'000, 0.9);
    const std::uint32_t outer = scattered(zipf(chance(), 2'000'000, 1.05));
    const bool scan = chance() < 0.06;
    const bool inward = chance() < 0.5;
    const std::uint32_t target = scan ? 0x0a00'0000U + static_cast<std::uint32_t>(random() % 65'536) : inner;
    constexpr std::uint16_t kServices[] = {443, 443, 443, 80, 53, 53, 22, 25, 123, 993, 3389, 8080};
    const auto service = kServices[random() % std::size(kServices)];
    const auto high = static_cast<std::uint16_t>(1024 + random() % 64'000);
    f.client = {net::Address::v4(inward || scan ? outer : inner), net::Port{inward && !scan ? service : high}};
    f.server = {net::Address::v4(inward || scan ? target : outer), net::Port{inward && !scan ? high : service}};
    f.protocol = service == 53 || service == 123 ? Protocol::udp : Protocol::tcp;
    const double kind = chance();
    const double long_for = kind < 0.35 ? 0 : kind < 0.80 ? -1.5 * std::log(1 - chance()) : kind < 0.97 ? -20 * std::log(1 - chance()) : 300 * chance();
    f.first = Time::from_micros(1'700'000'000'000'000 + ms * 1000);
    f.last = f.first + Duration(static_cast<std::int64_t>(long_for * 1000) * 1000);
    f.request.packets = scan || long_for == 0 ? 1 : 1 + static_cast<std::uint64_t>(std::exp(chance() * chance() * 8));
    f.request.bytes = f.request.packets * (40 + random() % 1400);
    f.request.tcp_flags = f.protocol == Protocol::tcp ? (scan ? 0x02 : random() % 4 == 0 ? 0x1a : 0x1b) : 0;
    f.basis = InitiatorBasis::exporter;
    f.end = FlowEnd::end_of_flow;
    f.id = make_flow_id("router", f.client, f.server, f.protocol, f.first);
    return f;
}

}  // namespace hw::flow::bench
