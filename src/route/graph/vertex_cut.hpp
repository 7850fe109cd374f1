#pragma once

#include "route/graph/routing_tree.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hw::route {

struct CutOptions {
    std::size_t most = 8;                ///< Larger sets are not looked for.
    std::span<const Node> sources = {};       ///< Who is to be cut off; when empty all but the customer cones of the destinations.
    std::span<const Node> unremovable = {};   ///< May not be in the set; the destinations never are. Sources may be unless named here.
    std::size_t trees = 4'000;           ///< How many routing trees the search between the bounds may take.
};

/// A smallest set of ASes without which no source is left that has a valley-free path to a destination; a source that is taken out
/// counts as cut off.
struct VertexCut {
    std::vector<Node> nodes;   ///< By AS number; empty where none of at most `most` was found, or nothing needs cutting.
    bool found = false;
    std::size_t at_least = 0;  ///< No smaller set does it: proved, not only not found. `found` and `nodes.size() == at_least`: a smallest one.
};

/// Bounds come from a maximum flow with every node split (Menger; Even, "An algorithm for determining whether the connectivity of a graph is at
/// least k", SIAM J. Comput. 1975) over the graph in which each AS stands twice, once going up and once going down. Taking an AS out takes
/// both, so that flow lies between the answer and twice it (a set of f places is one of at most f ASes, a set of k ASes one of at most 2k
/// places). Paths without a common AS give another lower bound. What is left between the bounds is searched: some AS of a path that still
/// stands must go.
[[nodiscard]] VertexCut smallest_cut(const AsGraph& graph, std::span<const Node> destinations, const CutOptions& options = {});

}  // namespace hw::route
