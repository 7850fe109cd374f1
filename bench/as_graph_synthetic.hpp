#pragma once

// A graph of ASes made from a seed, in the size and shape of CAIDA's of February 2015: 49,755 ASes, 17 at the top that peer with one another,
// about one in seven selling transit, 97,864 provider links, 91,973 between peers that gather at a few hundred ASes.

#include "route/graph/relationships.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <utility>

namespace hw::bench {

inline route::Relationships synthetic_relationships(std::uint64_t seed) {
    constexpr std::uint32_t kAses = 49'755;
    constexpr std::uint32_t kTop = 17;
    constexpr std::uint32_t kTransit = 7'300;
    constexpr std::size_t kProviderLinks = 97'864;
    constexpr std::size_t kPeerLinks = 91'973;
    std::mt19937_64 random(seed);
    route::Relationships out;
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    const auto link = [&](std::uint32_t a, std::uint32_t b, route::Relation relation) {
        if (a == b || !pairs.insert(std::minmax(a, b)).second) { return false; }
        out.links.push_back({net::Asn(a + 1), net::Asn(b + 1), relation});
        return true;
    };
    const auto below = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
    for (std::uint32_t a = 0; a < kTop; ++a) {
        out.clique.emplace_back(a + 1);
        for (std::uint32_t b = a + 1; b < kTop; ++b) { link(a, b, route::Relation::peer); }
    }
    // Who has many customers gets more: each draws from the providers of links made so far, or any transit AS above it.
    std::vector<std::uint32_t> sellers;
    for (std::uint32_t a = 0; a < kTop; ++a) { sellers.insert(sellers.end(), 40, a); }
    const auto buy = [&](std::uint32_t customer) {
        const std::uint32_t above = std::min(customer, kTransit);
        const std::uint32_t provider = below(10) < 7 ? sellers[below(sellers.size())] : below(above);
        if (provider >= above || !link(provider, customer, route::Relation::provider_customer)) { return; }
        sellers.push_back(provider);
    };
    for (std::uint32_t customer = kTop; customer < kAses; ++customer) {
        for (const std::size_t had = out.links.size(); out.links.size() == had;) { buy(customer); }
    }
    const std::size_t top_links = std::size_t{kTop} * (kTop - 1) / 2;
    while (out.links.size() < top_links + kProviderLinks) { buy(kTop + below(kAses - kTop)); }
    while (out.links.size() < top_links + kProviderLinks + kPeerLinks) {
        // Peers meet at exchanges: one end from some hundreds that are open to all, the other from a few thousand.
        const auto skewed = [&](std::uint32_t n) { return kTop + std::min({below(n), below(n), below(n)}); };
        const std::uint32_t a = skewed(1'500);
        const std::uint32_t b = below(3) == 0 ? kTop + below(kAses - kTop) : skewed(9'000);
        link(std::min(a, b), std::max(a, b), route::Relation::peer);
    }
    return out;
}

}  // namespace hw::bench
