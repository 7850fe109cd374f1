#pragma once

#include <cstdint>
#include <random>

namespace hw {

/// For hash tables that hostile input fills: unknown to whoever made the input, so that nobody can choose keys that meet. Nothing in a result may depend on it.
[[nodiscard]] inline std::uint64_t random_key() {
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32U) | entropy();
}

}  // namespace hw
