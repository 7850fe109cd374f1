#pragma once

#include "trace/series.hpp"

#include <vector>

namespace hw::trace {

/// ρ at every circular lag: element l is Pearson's correlation of a[i] with b[(i + l) mod n]. Both series have the same
/// size; empty where either is flat. Sums over pairs of non-empty bins where these are few, else by Fourier transform;
/// which of the two depends on the series alone.
[[nodiscard]] std::vector<double> circular_correlation(const SparseSeries& a, const SparseSeries& b);

namespace detail {
/// The two ways, for tests: Σ_i a[i]·b[(i + l) mod n] for every l.
[[nodiscard]] std::vector<double> products_by_pairs(const SparseSeries& a, const SparseSeries& b);
[[nodiscard]] std::vector<double> products_by_transform(const SparseSeries& a, const SparseSeries& b);
}  // namespace detail

}  // namespace hw::trace
