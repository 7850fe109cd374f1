#pragma once

#include "weigh/evidence.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hw::weigh {

/// Who says what first: every item's roots, the sources behind it that cite nothing further.
struct Citations {
    /// By item, in rising order: ids of items, or of sources that are named but not here.
    std::vector<std::vector<std::string>> roots;
    /// By item: the origins of its roots, in rising order. A source that is not here counts as an origin of its own.
    std::vector<std::vector<std::string>> origins;
    /// Items that cite each other in a ring, each ring in rising order: together they are one root, called by the first of them.
    std::vector<std::vector<std::string>> rings;
    /// Named by `cites` or `basis`, but not here; in rising order.
    std::vector<std::string> unseen;
};

/// Follows `cites` and `basis` to their ends. Their order, and that of the items, does not matter.
[[nodiscard]] Citations follow_citations(const std::vector<Item>& items);

}  // namespace hw::weigh
