#pragma once

#include "cut.hpp"

#include "trace/pair_score.hpp"

namespace hw::bench {

/// A flow as Headwater's activity channel sees it over the window, commands as its requests.
[[nodiscard]] trace::Epoch headwater_view(const Cut& cut);

/// What every other method is told too: which of the flows is nearer to the master, and which way commands go.
inline constexpr trace::PairOptions kRolesKnown{.passages = {true, false, false, false}};
/// What an analyst knows who has two captures and nothing else.
inline constexpr trace::PairOptions kRolesUnknown{};

}  // namespace hw::bench
