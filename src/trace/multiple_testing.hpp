#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// Benjamini–Yekutieli q-values (Benjamini & Yekutieli 2001, theorem 1.3), in the order of `p`: q_i is the smallest false
/// discovery rate at which pair i is still accused, min over j of rank ≥ rank(i) of m·c(m)·p_(j)/j, with
/// c(m) = Σ 1/k, at most 1. Holds whatever the dependence between the pairs, and they do depend: each flow is in many.
///
/// `tested`: m, where only some of the pairs tested are at hand; the others count with a p of 1.
[[nodiscard]] std::vector<double> q_values(std::span<const double> p, std::uint64_t tested = 0);

}  // namespace hw::trace
