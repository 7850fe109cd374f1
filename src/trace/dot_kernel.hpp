#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hw::trace {

/// Inner products of small whole numbers at successive lags, the inner loop of every comparison of compact activity.
/// There is one implementation for each kind of processor; all add the same whole numbers, so all give the same bytes.
///
/// Values must lie in [−127, 127] (−128 has no counterpart) and there must be at most kMostTerms of them.
struct DotKernel {
    /// out[l] = Σ a[k]·b[k + l] for k < terms and l < lags. `terms` is a multiple of kDotBlock; `b` holds terms + lags − 1 values.
    using Correlate = void (*)(const std::int8_t* a, const std::int8_t* b, std::size_t terms, std::size_t lags, std::int32_t* out);

    /// out[16·i + r] = Σ query[k]·row[k] for the 16 rows of each of `blocks` blocks. Rows are kDotRow values long; a block holds
    /// them interleaved, four values of each row in turn: value k of row r stands at (k / 4)·64 + 4·r + k % 4.
    using Rows = void (*)(const std::int8_t* query, const std::int8_t* rows, std::size_t blocks, std::int32_t* out);

    std::string_view name;  ///< `portable`, `avx2`, `avx512-vnni`.
    Correlate correlate = nullptr;
    Rows rows = nullptr;
};

/// Series are padded with zeros to a multiple of so many values: the widest register.
inline constexpr std::size_t kDotBlock = 64;
/// Length of a row, and rows in a block, of `Rows`.
inline constexpr std::size_t kDotRow = 128;
inline constexpr std::size_t kRowsABlock = 16;
/// More terms could overflow the 32-bit sum: 2³¹ / 127².
inline constexpr std::size_t kMostTerms = std::size_t{1} << 17U;

/// The fastest kernel that this processor has; the choice is made once.
[[nodiscard]] const DotKernel& dot_kernel();

/// Every kernel that this processor can run, the portable one first; for tests and benchmarks.
[[nodiscard]] std::vector<DotKernel> dot_kernels();

/// `terms` rounded up to whole blocks.
[[nodiscard]] constexpr std::size_t padded_terms(std::size_t terms) { return (terms + kDotBlock - 1) / kDotBlock * kDotBlock; }

}  // namespace hw::trace
