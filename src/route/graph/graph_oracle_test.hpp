#pragma once

// Slow and plain answers to what the graph code computes fast, for graphs of a dozen ASes.

#include "route/graph/as_graph.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace hw::route::test {

/// Links of a random graph with AS numbers 101 upwards, shuffled so that numbers say nothing about rank.
inline std::vector<AsLink> random_links(std::uint32_t seed, std::uint32_t nodes, bool cycles = false) {
    std::mt19937 random(seed);
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < nodes; ++i) { numbers.push_back(101 + i); }
    std::ranges::shuffle(numbers, random);
    const auto density = 15 + random() % 40;
    std::vector<AsLink> links;
    for (std::uint32_t a = 0; a < nodes; ++a) {
        for (std::uint32_t b = a + 1; b < nodes; ++b) {
            if (random() % 100 >= density) { continue; }
            const net::Asn first(numbers[a]);
            const net::Asn second(numbers[b]);
            if (random() % 3 == 0) {
                links.push_back({std::min(first, second), std::max(first, second), Relation::peer});
            } else if (cycles && random() % 2 == 0) {
                links.push_back({second, first, Relation::provider_customer});
            } else {
                links.push_back({first, second, Relation::provider_customer});
            }
        }
    }
    return links;
}

/// Every valley-free path without a repeated AS: up to providers, at most one peer link, down to customers.
inline void valley_free_from(const AsGraph& graph, std::vector<Node>& path, Node to, bool down, std::span<const std::uint8_t> removed, std::vector<std::vector<Node>>& out) {
    const Node at = path.back();
    if (at == to) {
        if (std::ranges::find(out, path) == out.end()) { out.push_back(path); }
        return;
    }
    const auto step = [&](Node next, bool then_down) {
        if (!removed.empty() && removed[next] != 0) { return; }
        if (std::ranges::find(path, next) != path.end()) { return; }
        path.push_back(next);
        valley_free_from(graph, path, to, then_down, removed, out);
        path.pop_back();
    };
    for (const Node n : graph.customers(at)) { step(n, true); }
    if (down) { return; }
    for (const Node n : graph.peers(at)) { step(n, true); }
    for (const Node n : graph.providers(at)) { step(n, false); }
}

inline std::vector<std::vector<Node>> valley_free_paths(const AsGraph& graph, Node from, Node to, std::span<const std::uint8_t> removed = {}) {
    std::vector<std::vector<Node>> out;
    if (!removed.empty() && (removed[from] != 0 || removed[to] != 0)) { return out; }
    std::vector<Node> path{from};
    valley_free_from(graph, path, to, false, removed, out);
    return out;
}

}  // namespace hw::route::test
