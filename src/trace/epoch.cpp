#include "trace/epoch.hpp"

#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {
namespace epochs {

constexpr Duration kTrimmedAtStart = std::chrono::seconds(2);
constexpr Duration kTrimmedAtEnd = std::chrono::seconds(1);
constexpr Duration kShortestTrimmed = std::chrono::seconds(15);
constexpr float kLargest = 127;
constexpr std::uint32_t kMostInABin = 1U << 26U;  // sums of 16 bins stay within 32 bits

/// The part of the window in which the flow lived, less its edges where they fall inside.
Life life_in(Interval lived, std::int64_t first_bin, std::int64_t bins) {
    if (lived.to - lived.from >= kShortestTrimmed) { lived = {lived.from + kTrimmedAtStart, lived.to - kTrimmedAtEnd}; }
    Life life;
    life.from = std::clamp<std::int64_t>(flow::bin_index(lived.from, flow::kActivityBinWidth) - first_bin, 0, bins);
    life.to = std::clamp<std::int64_t>(flow::bin_index(lived.to, flow::kActivityBinWidth) + 1 - first_bin, life.from, bins);
    return life;
}

/// One direction's counts over a window, dense, at the finest scale.
std::size_t spread_out(std::span<const flow::ActivityBin> bins, std::int64_t first_bin, const Life& life, std::int64_t rotated,
                       std::vector<std::uint32_t>& counts, std::uint64_t& packets) {
    std::ranges::fill(counts, 0U);
    std::size_t active = 0;
    const auto begin = std::ranges::lower_bound(bins, first_bin + life.from, {}, &flow::ActivityBin::index);
    for (auto bin = begin; bin != bins.end() && bin->index < first_bin + life.to; ++bin) {
        const std::int64_t at = life.from + (bin->index - first_bin - life.from + rotated) % life.size();
        counts[static_cast<std::size_t>(at)] = std::min(bin->packets, kMostInABin);
        packets += bin->packets;
        active += bin->packets > 0 ? 1 : 0;
    }
    return active;
}

static_assert(kScales == std::array<std::int64_t, 5>{1, 2, 4, 8, 16}, "each scale is made by merging pairs of bins of the one before");

void merge_pairs(std::vector<std::uint32_t>& counts, std::size_t merged) {
    counts.resize(2 * merged);  // an odd one at the end stands alone
    for (std::size_t k = 0; k < merged; ++k) { counts[k] = counts[2 * k] + counts[2 * k + 1]; }
    counts.resize(merged);
}

/// Square roots less their mean over [from, to), as whole numbers; returns the inverse of their norm, 0 where they are flat.
double quantise(std::span<const std::uint32_t> counts, std::size_t from, std::size_t to, std::int8_t* out, std::vector<float>& roots) {
    const std::size_t n = to - from;
    if (n < 2) { return 0; }
    roots.resize(n);
    float sum = 0;
    float least = 0;
    float most = 0;
    for (std::size_t k = 0; k < n; ++k) {
        roots[k] = std::sqrt(static_cast<float>(counts[from + k]));
        sum += roots[k];
        least = k == 0 ? roots[k] : std::min(least, roots[k]);
        most = std::max(most, roots[k]);
    }
    const float mean = sum / static_cast<float>(n);
    const float largest = std::max(most - mean, mean - least);
    if (largest < 1e-3F) { return 0; }
    const float unit = kLargest / largest;
    std::int64_t squares = 0;
    for (std::size_t k = 0; k < n; ++k) {
        const auto value = static_cast<std::int32_t>(std::lrintf(std::clamp((roots[k] - mean) * unit, -kLargest, kLargest)));
        out[from + k] = static_cast<std::int8_t>(value);
        squares += static_cast<std::int64_t>(value) * value;
    }
    return squares > 0 ? 1 / std::sqrt(static_cast<double>(squares)) : 0;
}

}  // namespace epochs
}  // namespace

Epoch Epoch::make(std::span<const flow::ActivityBin> request, std::span<const flow::ActivityBin> reply, Interval lived,
                  std::int64_t first_bin, const EpochShape& wanted, std::int64_t rotated) {
    Epoch epoch;
    epoch.shape_ = {std::clamp<std::int64_t>(wanted.bins, kScales.back(), kMostEpochBins), std::clamp<std::int64_t>(wanted.lags, 0, kMostEpochLags)};
    const std::int64_t bins = epoch.shape_.bins;
    epoch.life_ = epochs::life_in(lived, first_bin, bins);

    // Lanes lie behind one another, zeros between them; each zone of zeros serves the lanes on both its sides.
    const auto bins_at = [&](std::size_t scale) { return static_cast<std::size_t>((bins + kScales[scale] - 1) / kScales[scale]); };
    std::size_t end = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::size_t scale = lane % kScales.size();
        const std::size_t before = lane == 0 ? 0 : epoch.lags((lane - 1) % kScales.size());
        epoch.begin_[lane] = static_cast<std::uint32_t>(end + std::max(before, epoch.lags(scale)));
        end = epoch.begin_[lane] + padded_terms(bins_at(scale));
    }
    epoch.data_.assign(end + static_cast<std::size_t>(epoch.shape_.lags), std::int8_t{0});

    std::vector<std::uint32_t> counts(static_cast<std::size_t>(bins));
    std::vector<float> roots;
    for (std::size_t direction = 0; direction < 2; ++direction) {
        counts.resize(static_cast<std::size_t>(bins));
        epoch.active_bins_ += epochs::spread_out(direction == 0 ? request : reply, first_bin, epoch.life_, std::max<std::int64_t>(rotated, 0), counts, epoch.packets_);
        for (std::size_t scale = 0; scale < kScales.size(); ++scale) {
            const auto width = static_cast<std::size_t>(kScales[scale]);
            if (scale > 0) { epochs::merge_pairs(counts, bins_at(scale)); }
            // A bin that the flow lived through only in part would look like a pause.
            const std::size_t from = (static_cast<std::size_t>(epoch.life_.from) + width - 1) / width;
            const std::size_t to = std::max(from, static_cast<std::size_t>(epoch.life_.to) / width);
            const std::size_t lane = direction * kScales.size() + scale;
            epoch.inverse_norm_[lane] = epochs::quantise(counts, from, to, epoch.data_.data() + epoch.begin_[lane], roots);
        }
    }
    return epoch;
}

Epoch Epoch::make(const flow::Flow& flow, std::int64_t first_bin, const EpochShape& shape, std::int64_t rotated) {
    return make(flow.activity.bins(flow::Direction::request), flow.activity.bins(flow::Direction::reply), flow.interval(), first_bin, shape, rotated);
}

Epoch::Lane Epoch::lane(flow::Direction direction, std::size_t scale) const {
    const std::size_t lane = (direction == flow::Direction::request ? 0 : kScales.size()) + scale;
    const auto bins = static_cast<std::size_t>((shape_.bins + kScales[scale] - 1) / kScales[scale]);
    return {data_.data() + begin_[lane], padded_terms(bins), inverse_norm_[lane]};
}

}  // namespace hw::trace
