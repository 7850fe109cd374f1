#pragma once

#include "route/graph/as_graph.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace hw::route {

/// Whom a route was learned from, best first (Gao and Rexford 2001: customers pay, peers are free, providers cost).
enum class RouteClass : std::uint8_t { origin, customer, peer, provider, none };

/// Which ASes are taken out of a graph: one byte a node, not 0 where it is out. An empty mask takes none out.
using NodeMask = std::span<const std::uint8_t>;

/// The routes of all ASes to one destination (or to the nearest of several) under Gao and Rexford's rules: customer routes go
/// to everyone, peer and provider routes to customers only; an AS prefers by class, then by length, then the lowest next AS
/// number. Computed in three phases (Gill, Schapira and Goldberg, "Modeling on quicksand", CCR 2012): a search up the
/// providers of the destination, one step over their peer links, one pass down the hierarchy in the order of the nodes.
///
/// One object is scratch for any number of trees of its graph, which must outlive it: computing allocates nothing.
class RoutingTree {
public:
    explicit RoutingTree(const AsGraph& graph);

    /// A destination taken out has no tree.
    void compute(Node destination, NodeMask removed = {}) { compute(std::span(&destination, 1), removed); }
    void compute(std::span<const Node> destinations, NodeMask removed = {});

    [[nodiscard]] const AsGraph& graph() const { return *graph_; }
    [[nodiscard]] RouteClass route_class(Node node) const { return class_[node] > kNone ? RouteClass::none : static_cast<RouteClass>(class_[node]); }
    [[nodiscard]] bool reached(Node node) const { return class_[node] < kNone; }
    /// How many ASes, the destinations among them.
    [[nodiscard]] std::size_t reached_count() const;
    /// Links to the destination; meaningless without a route. Routes of 65,534 links and more are none.
    [[nodiscard]] unsigned length(Node node) const { return length_[node]; }
    /// The next AS, `kNoNode` at a destination and without a route.
    [[nodiscard]] Node next(Node node) const { return next_[node]; }
    /// All next ASes that class and length leave open, by AS number; `next` is the first. Replaces `out`.
    void next_hops(Node node, std::vector<Node>& out) const;
    /// From `node` to a destination, both included; empty without a route.
    [[nodiscard]] std::vector<Node> path(Node node) const;
    /// Carries a weight of each AS along its routes and returns what each AS carries, its own included. Where next hops are tied they
    /// carry equal parts. `weight` has one value a node; those without a route are not carried.
    [[nodiscard]] std::vector<double> carried(std::span<const double> weight) const;

private:
    static constexpr std::uint8_t kNone = static_cast<std::uint8_t>(RouteClass::none);
    static constexpr std::uint8_t kRemoved = kNone + 1;
    static constexpr std::uint16_t kFar = 0xffff;
    void offer(Node to, Node via, std::uint8_t route_class, std::uint16_t length);

    const AsGraph* graph_;
    std::vector<std::uint8_t> class_;
    std::vector<std::uint16_t> length_;
    std::vector<Node> next_;
    std::vector<Node> queue_;
    std::size_t queued_ = 0;
};

/// Computes the tree of every destination on all cores oneTBB is given and calls `use(place, tree)`, at the same time from several threads,
/// with the place of the destination in the list.
void for_each_tree(const AsGraph& graph, std::span<const Node> destinations, NodeMask removed, const std::function<void(std::size_t, const RoutingTree&)>& use);

}  // namespace hw::route
