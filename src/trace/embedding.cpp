#include "trace/embedding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

namespace hw::trace {

namespace {
namespace embeddings {

constexpr float kSpread = 28;  // standard deviation of a value: 127 is reached once in a hundred thousand

/// Fast Walsh–Hadamard transform, not normalised.
void hadamard(std::span<float> x) {
    for (std::size_t half = 1; half < x.size(); half *= 2) {
        for (std::size_t from = 0; from < x.size(); from += 2 * half) {
            for (std::size_t k = from; k < from + half; ++k) {
                const float a = x[k];
                const float b = x[k + half];
                x[k] = a + b;
                x[k + half] = a - b;
            }
        }
    }
}

std::vector<float> signs(std::size_t n, std::mt19937_64& random) {
    std::vector<float> out(n);
    for (auto& s : out) { s = (random() & 1U) == 0 ? 1.F : -1.F; }
    return out;
}

static_assert(kViews[kViewOf2s].stride == 4 && kViews[kViewOf4s].stride == 8, "boxes begin every half of their width");

/// One direction in one view, every other box, moved by `half_bins` halves of a box; of about unit norm.
void put_lane(const Epoch& epoch, flow::Direction direction, std::size_t view, std::size_t bins, int half_bins, float* out) {
    const auto lane = epoch.lane(direction, view);
    if (lane.inverse_norm <= 0) { return; }
    const auto norm = static_cast<float>(lane.inverse_norm * std::numbers::sqrt2);  // half of the lane's boxes
    for (std::size_t k = 0; k < bins; ++k) {
        const auto at = 2 * static_cast<std::ptrdiff_t>(k) - half_bins;
        out[k] = at >= 0 && at < static_cast<std::ptrdiff_t>(lane.terms) ? static_cast<float>(lane.values[at]) * norm : 0.F;
    }
}

}  // namespace embeddings
}  // namespace

Embedder::Embedder(const EpochShape& shape, std::uint64_t seed)
    : bins_2s_(static_cast<std::size_t>((shape.bins + 7) / 8)), bins_4s_(static_cast<std::size_t>((shape.bins + 15) / 16)),
      size_(std::bit_ceil(std::max(2 * (bins_2s_ + bins_4s_), kEmbeddingSize))) {
    std::mt19937_64 random(seed);
    signs_first_ = embeddings::signs(size_, random);
    signs_second_ = embeddings::signs(size_, random);
    std::vector<std::uint32_t> all(size_);
    std::iota(all.begin(), all.end(), 0U);
    for (std::size_t k = 0; k < kEmbeddingSize; ++k) { std::swap(all[k], all[k + random() % (size_ - k)]); }
    chosen_.assign(all.begin(), all.begin() + kEmbeddingSize);
}

Embedding Embedder::operator()(const Epoch& epoch, Probe probe) const {
    using namespace embeddings;
    using flow::Direction;
    std::vector<float> x(size_);
    float* out = x.data();
    for (const auto& [scale, bins, halves] : {std::tuple{kViewOf2s, bins_2s_, 2}, std::tuple{kViewOf4s, bins_4s_, 1}}) {
        put_lane(epoch, probe.crossed ? Direction::reply : Direction::request, scale, bins, (probe.crossed ? -1 : 1) * halves * probe.lag, out);
        put_lane(epoch, probe.crossed ? Direction::request : Direction::reply, scale, bins, (probe.crossed ? 1 : -1) * halves * probe.lag, out + bins);
        out += 2 * bins;
    }
    for (std::size_t k = 0; k < size_; ++k) { x[k] *= signs_first_[k]; }
    hadamard(x);
    for (std::size_t k = 0; k < size_; ++k) { x[k] *= signs_second_[k]; }
    hadamard(x);
    // All lanes of unit norm make a vector of norm 2; two transforms multiply by the size.
    const float scale = kSpread / (2 * std::sqrt(static_cast<float>(size_)));
    Embedding embedding;
    for (std::size_t k = 0; k < kEmbeddingSize; ++k) {
        embedding[k] = static_cast<std::int8_t>(std::lrintf(std::clamp(x[chosen_[k]] * scale, -127.F, 127.F)));
    }
    return embedding;
}

}  // namespace hw::trace
