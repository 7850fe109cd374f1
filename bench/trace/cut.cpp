#include "cut.hpp"

#include <algorithm>
#include <cmath>

namespace hw::bench {

namespace {

void cut_half(const std::vector<PacketPoint>& packets, std::int64_t start_us, std::int64_t end_us, std::vector<double>& times,
              std::vector<std::uint32_t>& bytes) {
    auto at = std::ranges::lower_bound(packets, start_us, {}, &PacketPoint::micros);
    for (; at != packets.end() && at->micros < end_us; ++at) {
        times.push_back(static_cast<double>(at->micros - start_us) * 1e-6);
        bytes.push_back(at->bytes);
    }
}

}  // namespace

Cut cut(const Traffic& traffic, std::int64_t start_us, double length_s) {
    Cut out;
    out.length_s = length_s;
    const std::int64_t end_us = start_us + std::llround(length_s * 1e6);
    cut_half(traffic.commands, start_us, end_us, out.commands, out.command_bytes);
    cut_half(traffic.answers, start_us, end_us, out.answers, out.answer_bytes);
    bool any = false;
    for (const auto* half : {&traffic.commands, &traffic.answers}) {
        if (half->empty()) { continue; }
        const std::int64_t from = half->front().micros - start_us;
        const std::int64_t to = half->back().micros - start_us;
        out.lived_from_us = any ? std::min(out.lived_from_us, from) : from;
        out.lived_to_us = any ? std::max(out.lived_to_us, to) : to;
        any = true;
    }
    return out;
}

std::vector<double> counts(const std::vector<double>& times, double length_s, double width_s) {
    const auto bins = static_cast<std::size_t>(std::ceil(length_s / width_s));
    std::vector<double> out(bins);
    for (const double t : times) {
        const auto bin = static_cast<std::size_t>(std::max(0.0, t) / width_s);
        if (bin < bins) { out[bin] += 1; }
    }
    return out;
}

}  // namespace hw::bench
