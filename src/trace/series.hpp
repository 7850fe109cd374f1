#pragma once

#include "flow/flow.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// Which way traffic goes, seen from a relay: `commands` towards the victim, `answers` back from it.
enum class Sense : std::uint8_t { commands, answers };

/// A stretch of absolute 250 ms bins that two flows are compared over.
struct Window {
    std::int64_t first = 0;  ///< Absolute number of the first bin.
    std::int64_t size = 0;   ///< Number of bins.
    friend bool operator==(const Window&, const Window&) = default;
};

/// The bin widths that activity is compared at, as multiples of the base bin of 250 ms (DESIGN, section 5, A).
inline constexpr std::array<std::int64_t, 5> kScales{1, 2, 4, 8, 16};

/// A time series that is mostly zero: the square root of the packets in each bin of a window, at one scale. The square
/// root makes the variance of a count independent of its mean.
struct SparseSeries {
    std::size_t size = 0;              ///< Bins, the empty ones included.
    std::vector<std::uint32_t> index;  ///< Non-empty bins, rising.
    std::vector<double> value;
    double mean = 0;
    double norm = 0;                   ///< Euclidean norm of the series less its mean; 0: no course to compare.
};

/// One sense of a flow over a window at every scale.
using MultiScale = std::array<SparseSeries, kScales.size()>;

/// Where a flow's other end lies, seen from a relay: on the victim's side, or on the master's.
enum class Role : std::uint8_t { action, control };

/// The half of a relay's flow that carries `sense`, given which end of the flow the relay is.
[[nodiscard]] flow::Direction half_of(bool relay_is_client, Role role, Sense sense);

/// The bins of one half of a flow, laid out over `window` at every scale.
[[nodiscard]] MultiScale make_series(std::span<const flow::ActivityBin> bins, const Window& window);

}  // namespace hw::trace
