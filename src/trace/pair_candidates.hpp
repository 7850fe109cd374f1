#pragma once

#include "trace/link.hpp"
#include "trace/pair_windows.hpp"

#include <cstdint>
#include <vector>

namespace hw::trace {

/// How many pairs of flows live at the same time for 15 s or longer, the clocks set right, without those that are one
/// conversation seen by both sides; sorted sweeps, N log N.
[[nodiscard]] std::uint64_t count_pairs(const PairSide& a, const PairSide& b, const PairClock& clock);

/// All of them.
[[nodiscard]] std::vector<PairRef> all_pairs(const PairSide& a, const PairSide& b, const PairClock& clock);

/// Those of them that are alike enough to be worth comparing: for every flow of A in every window the few of B that an index
/// finds for each of ten probes (five lags, straight and crossed). In order of a, then b; `options` gives threads, stop and seed.
[[nodiscard]] std::vector<PairRef> likely_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid,
                                                const LinkOptions& options);

}  // namespace hw::trace
