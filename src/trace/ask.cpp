#include "trace/ask.hpp"

#include <algorithm>
#include <map>

namespace hw::trace {

namespace {
constexpr double kLeastBits = 0.01;
}

double expected_bits(double mass) { return std::clamp(mass, 0.0, 1.0); }

std::vector<Ask> rank_asks(std::span<const Trail> trails, Duration margin) {
    std::map<net::Address, Ask> by_host;
    std::map<net::Address, double> mass;
    for (const auto& trail : trails) {
        const auto* seen = trail.hops.empty() ? trail.attack : trail.hops.back().link.inbound;
        if (trail.ending.kind != EndingKind::relay_upstream_unseen || seen == nullptr) { continue; }
        const Interval around{seen->first - margin, seen->last + margin};
        const auto [found, fresh] = by_host.try_emplace(trail.ending.address, Ask{trail.ending.address, around, 0});
        if (!fresh) { found->second.when = {std::min(found->second.when.from, around.from), std::max(found->second.when.to, around.to)}; }
        mass[trail.ending.address] += trail.probability;
    }
    std::vector<Ask> asks;
    for (auto& [address, ask] : by_host) {
        ask.bits = expected_bits(mass[address]);
        if (ask.bits >= kLeastBits) { asks.push_back(ask); }
    }
    std::ranges::stable_sort(asks, [](const Ask& a, const Ask& b) { return a.bits > b.bits; });
    return asks;
}

}  // namespace hw::trace
