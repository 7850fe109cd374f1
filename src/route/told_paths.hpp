#pragma once

#include "net/asn.hpp"
#include "route/graph/as_graph.hpp"
#include "route/rib.hpp"

#include <span>
#include <vector>

namespace hw::route {

/// AS paths as routers tell them, the router's side first, without repetitions of one number in a row.
using ToldPaths = std::vector<std::vector<net::Asn>>;

/// The different ways of a table; of IPv4 where it has any, as the ways of IPv6 are others. Those that end in a set are left out. `rib` must be settled.
[[nodiscard]] ToldPaths told_paths(const Rib& rib);

/// The same as nodes of a graph, as far as it has all ASes of a way.
[[nodiscard]] std::vector<std::vector<Node>> in_graph(std::span<const std::vector<net::Asn>> paths, const AsGraph& graph);

}  // namespace hw::route
