#pragma once

#include "route/graph/routing_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::route {

/// What one AS means for reaching some destinations. Shares are of the pairs (source, destination) that have a valley-free path and
/// of which the AS is neither end. Sources are all ASes that are no destination themselves.
struct ChokePoint {
    Node node = kNoNode;
    double on_path = 0;  ///< Share of pairs whose predicted path goes through it; ties count in equal parts.
    double cut_off = 0;  ///< Share of pairs left without any valley-free path when it is taken out. Never above `on_path`.
};

struct ChokeOptions {
    double min_share = 0.01;  ///< ASes carrying less are not looked at.
    std::size_t most = 32;    ///< At most so many are, those carrying most.
};

struct ChokeReport {
    std::uint64_t pairs = 0;         ///< With a path, when all is whole.
    std::uint64_t without_path = 0;  ///< Pairs that have none even so.
    /// By `cut_off`, then `on_path`, falling, then AS number. An AS not listed cuts off less than `min_share`, or, where `most`
    /// are listed, no more than the least `on_path` among them.
    std::vector<ChokePoint> points;
};

/// The ASes that paths to a destination, or to each AS of a country, have to cross.
///
/// An AS cuts off a source where every valley-free path holds it, on its way up or on its way down. These are the dominators of the graph in which
/// each AS stands twice, once going up and once going down, but for an AS that some paths cross going up and others going down: neither of its
/// two places dominates, and yet it cuts. So each candidate is taken out and the tree is computed anew. No candidate is missed: an AS that cuts
/// off a source is on all its tied predicted paths, so it carries that source whole.
[[nodiscard]] ChokeReport choke_points(const AsGraph& graph, std::span<const Node> destinations, ChokeOptions options = {});

/// The ASes that every valley-free path from `source` to `destination` holds, in the order of the path, ends left out.
/// Empty where there is no path.
[[nodiscard]] std::vector<Node> unavoidable(const AsGraph& graph, Node source, Node destination);

/// What taking some ASes out would do to reaching the destinations.
struct WhatIf {
    std::uint64_t pairs = 0;     ///< With a path before, the ends that are taken out left aside.
    std::uint64_t cut_off = 0;   ///< Of those, without a path after.
    std::uint64_t rerouted = 0;  ///< With a path before and after, but another class or length, or none of the next hops of before.
    double length_before = 0;    ///< Mean number of links, of the pairs that keep a path.
    double length_after = 0;
    /// The ASes whose share of the paths grows most: share before, share after; at most 16, by growth.
    struct Gain {
        Node node = kNoNode;
        double before = 0;
        double after = 0;
    };
    std::vector<Gain> gains;
};
[[nodiscard]] WhatIf what_if(const AsGraph& graph, std::span<const Node> destinations, std::span<const Node> removed);

}  // namespace hw::route
