#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// A pair that may be one: its odds against the inflow having no partner and the outflow being nobody's.
struct PairOdds {
    std::uint32_t in = 0;
    std::uint32_t out = 0;
    double odds = 0;
};

/// The chance of every pair, given that a flow has at most one partner: marginals of the distribution over all one-to-one
/// matchings in which a matching weighs the product of its pairs' odds, by belief propagation (Williams & Lau, IEEE TAES
/// 50(4), 2014, eqs. 31–33), which converges for this graph. `pairs` must be sorted by `in`; `ins` and `outs` bound the
/// indices. What a pair's chances lack to 1, summed over an inflow, is that it has no partner among them.
[[nodiscard]] std::vector<double> match_one_to_one(std::span<const PairOdds> pairs, std::size_t ins, std::size_t outs);

}  // namespace hw::trace
