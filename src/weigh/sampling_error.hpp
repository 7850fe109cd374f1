#pragma once

#include <cstdint>

namespace hw::weigh {

/// An amount that was estimated from a sample, and the bounds of its sampling error.
struct Estimate {
    double value = 0, low = 0, high = 0;
};

/// Bytes of a flow of which one packet in `sampling` was counted: `packets` of them, with `bytes` together. The bounds hold with about 95 % whatever the sizes of the
/// packets were, between 40 and 1,500 bytes: the score interval of a Poisson sum (Wilson 1927), the sizes taken to vary as much as their mean allows. `low` is never below what was counted. Unsampled flows have no sampling error.
[[nodiscard]] Estimate sampled_bytes(std::uint64_t packets, std::uint64_t bytes, std::uint32_t sampling);

}  // namespace hw::weigh
