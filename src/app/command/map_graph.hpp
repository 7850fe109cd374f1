#pragma once

#include "app/command/invocation.hpp"
#include "app/output/map_output.hpp"
#include "app/progress.hpp"
#include "route/graph/relationships.hpp"
#include "route/rib.hpp"

#include <optional>
#include <span>
#include <string>

namespace hw::app::command {

/// What the graph of ASes says of a target.
struct GraphQuestion {
    const route::Rib& rib;
    std::span<const route::Rib::PrefixId> scope;   ///< The target's prefixes.
    const std::optional<route::Relationships>& relationships;
    std::string path;                              ///< Of the relationship file; empty: none.
};

/// Adds choke points, the smallest cut, what taking ASes out would do (`--without`) and ways (`--from`) to `view`, whose own ASes are set. The graph is that of
/// the relationships, completed by what the tables' ways show besides.
void add_graph(output::MapView& view, const Invocation& invocation, const GraphQuestion& question, Progress& progress);

}  // namespace hw::app::command
