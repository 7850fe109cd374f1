#pragma once

#include "net/asn.hpp"
#include "route/graph/relationships.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hw::route {

/// An AS of one graph, numbered densely from 0: every provider has a lower number than its customers, so that one pass
/// upwards over the numbers carries routes down the hierarchy and one pass downwards carries them up.
using Node = std::uint32_t;
inline constexpr Node kNoNode = 0xffff'ffff;

/// The ASes and their links, fixed once built. Neighbours of a node stand in the order of their AS numbers.
class AsGraph {
public:
    AsGraph() = default;
    /// A provider hierarchy has no cycles (Gao and Rexford, "Stable Internet routing without global coordination", ToN 2001);
    /// where the links have one, the link that closes it, followed from the lowest AS numbers, is left out and kept in
    /// `cyclic`. Links of an AS to itself and further links between a pair are passed over.
    [[nodiscard]] static AsGraph build(std::span<const AsLink> links);

    [[nodiscard]] std::size_t size() const { return asns_.size(); }
    /// Each counted once.
    [[nodiscard]] std::size_t links() const { return providers_.to.size() + peers_.to.size() / 2; }
    [[nodiscard]] net::Asn asn(Node node) const { return asns_[node]; }
    [[nodiscard]] std::optional<Node> find(net::Asn asn) const;

    [[nodiscard]] std::span<const Node> providers(Node node) const { return providers_.of(node); }
    [[nodiscard]] std::span<const Node> customers(Node node) const { return customers_.of(node); }
    [[nodiscard]] std::span<const Node> peers(Node node) const { return peers_.of(node); }
    /// Provider-customer links left out.
    [[nodiscard]] std::span<const AsLink> cyclic() const { return cyclic_; }

private:
    struct Adjacency {
        std::vector<std::uint32_t> begin;
        std::vector<Node> to;
        [[nodiscard]] std::span<const Node> of(Node node) const { return std::span(to).subspan(begin[node], begin[node + 1] - begin[node]); }
    };
    static Adjacency adjacency(std::size_t nodes, std::vector<std::pair<Node, Node>> arcs, std::span<const net::Asn> asns);

    std::vector<net::Asn> asns_;
    std::vector<std::pair<net::Asn, Node>> by_asn_;
    Adjacency providers_;
    Adjacency customers_;
    Adjacency peers_;
    std::vector<AsLink> cyclic_;
};

/// How many ASes each one reaches by going only from provider to customer, itself among them (customer cone: Luckie et al.,
/// "AS relationships, customer cones, and validation", IMC 2013, section 5, the recursive one).
[[nodiscard]] std::vector<std::uint32_t> customer_cone_sizes(const AsGraph& graph);

/// The members of one customer cone, by number.
[[nodiscard]] std::vector<Node> customer_cone(const AsGraph& graph, Node node);

}  // namespace hw::route
