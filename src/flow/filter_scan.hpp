#pragma once

#include "flow/filter_match.hpp"
#include "flow/source.hpp"

#include <functional>

namespace hw::flow {

/// Calls `visit` for every flow of `source` whose lifetime touches `window` and that `matcher` passes, by first packet, then by id; stops
/// early when it returns false. Where `bounds` names few hosts the source's index of hosts is asked instead of all flows.
[[nodiscard]] Result<void> scan_matching(const FlowSource& source, const Interval& window, const FilterBounds& bounds, const FlowMatcher& matcher,
                                         const std::function<bool(const Flow&)>& visit);

}  // namespace hw::flow
