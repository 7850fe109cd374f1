#pragma once

#include "trace/embedding.hpp"
#include "trace/epoch_index.hpp"
#include "trace/link.hpp"
#include "trace/pair_windows.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace hw::trace {

/// How many pairs of flows live at the same time for 15 s or longer, the clocks set right, without those that are one
/// conversation seen by both sides; sorted sweeps, N log N.
[[nodiscard]] std::uint64_t count_pairs(const PairSide& a, const PairSide& b, const PairClock& clock);

/// All of them.
[[nodiscard]] std::vector<PairRef> all_pairs(const PairSide& a, const PairSide& b, const PairClock& clock);

/// What a search for likely partners costs and finds (docs/results/match.md): each epoch is looked up moved by these lags, straight
/// and crossed. Most partners are found near lag 0, so most of the looking is done there.
struct LagProbe {
    int lag = 0;                  ///< In bins of 2 s.
    std::size_t a_doubling = 0;   ///< Embeddings looked at, times log2 of the index's size.
};
inline constexpr std::array<LagProbe, 5> kLagProbes{{{0, 2400}, {1, 2400}, {-1, 2400}, {2, 600}, {-2, 600}}};
inline constexpr std::size_t kKeptAProbe = 8;

/// The places in the index of the epochs that may go on from this one, or it from them; rising.
[[nodiscard]] std::vector<std::uint32_t> likely_partners(const Embedder& embed, const EpochIndex& index, const Epoch& of);

/// Those of them that are alike enough to be worth comparing: for every flow of A in every window the few of B that an index
/// finds for each of ten probes (five lags, straight and crossed). In order of a, then b; `options` gives threads, stop and seed.
[[nodiscard]] std::vector<PairRef> likely_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid,
                                                const LinkOptions& options);

}  // namespace hw::trace
