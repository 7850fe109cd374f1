#pragma once

#include "trace/epoch.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// An epoch in 128 bytes: its courses at 2 s and 4 s, both directions, randomly turned and cut down (Johnson & Lindenstrauss 1984),
/// so that inner products stay what they were but for noise. Sign bits alone lose too much (DESIGN, section 5).
inline constexpr std::size_t kEmbeddingSize = 128;
using Embedding = std::array<std::int8_t, kEmbeddingSize>;

/// What an epoch is looked for as: its requests so many bins of 2 s later and its replies as much earlier (negative: the
/// other way round), its directions exchanged where `crossed`.
struct Probe {
    int lag = 0;
    bool crossed = false;
};

/// Turns epochs of one shape; all that are to be compared must be turned by the same.
class Embedder {
public:
    Embedder(const EpochShape& shape, std::uint64_t seed);
    [[nodiscard]] Embedding operator()(const Epoch& epoch, Probe probe = {}) const;

private:
    std::size_t bins_2s_;
    std::size_t bins_4s_;
    std::size_t size_;  // a power of two
    std::vector<float> signs_first_;
    std::vector<float> signs_second_;
    std::vector<std::uint32_t> chosen_;
};

}  // namespace hw::trace
