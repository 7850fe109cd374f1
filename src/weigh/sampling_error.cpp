#include "weigh/sampling_error.hpp"

#include <algorithm>
#include <cmath>

namespace hw::weigh {

Estimate sampled_bytes(std::uint64_t packets, std::uint64_t bytes, std::uint32_t sampling) {
    const auto seen = static_cast<double>(bytes);
    if (sampling <= 1) { return {.value = seen, .low = seen, .high = seen}; }
    const auto n = static_cast<double>(std::max<std::uint64_t>(1, packets)), every = static_cast<double>(sampling);
    constexpr double kWide = 1.96, kLeast = 40, kMost = 1500;
    const double mean = std::clamp(seen / n, kLeast, kMost);
    // The greatest variance that sizes between the two can have around their mean.
    const double variance = (kMost - mean) * (mean - kLeast) / (mean * mean);
    const double value = seen * every;
    // The variance of the estimate is the truth times this: solving for the truth, rather than taking the estimate for it, holds for few packets too.
    const double step = kWide * kWide * (every - 1) * mean * (1 + variance);
    const double middle = value + step / 2, half = std::sqrt(value * step + step * step / 4);
    return {.value = value, .low = std::max(seen, middle - half), .high = middle + half};
}

}  // namespace hw::weigh
