#pragma once

#include "route/graph/as_graph.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hw::route {

/// Who handed its traffic to whom on observed ways, and for what lay behind.
class ObservedChoices {
public:
    using Next = std::pair<Node, std::uint32_t>;  ///< A next AS, and how often it was chosen.

    /// A way from one AS to another, both included.
    void add(std::span<const Node> path);

    /// How often `at` handed on to `next`; and to anybody.
    [[nodiscard]] std::uint32_t count(Node at, Node next) const;
    [[nodiscard]] std::uint32_t count(Node at) const;
    /// Whom `at` handed on to where the way led through `via` later, or ended there.
    [[nodiscard]] std::span<const Next> towards(Node at, Node via) const;

private:
    std::unordered_map<std::uint64_t, std::uint32_t> links_;
    std::unordered_map<Node, std::uint32_t> all_;
    std::unordered_map<std::uint64_t, std::vector<Next>> towards_;
};

}  // namespace hw::route
