#include "trace/epoch.hpp"

#include "trace/dot_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hw::trace {

namespace {
namespace epochs {

constexpr Duration kTrimmedAtStart = std::chrono::seconds(2);
constexpr Duration kTrimmedAtEnd = std::chrono::seconds(1);
constexpr Duration kShortestTrimmed = std::chrono::seconds(15);
constexpr float kLargest = 127;
constexpr std::uint64_t kMostInABin = 1U << 26U;     // sums of all bins stay within 64 bits
constexpr std::uint64_t kMostBytesInABin = 1ULL << 40U;
constexpr double kSmallPacket = 50;

/// The part of the window in which the flow lived, less its edges where they fall inside.
Life life_in(Interval lived, std::int64_t first_bin, std::int64_t bins) {
    if (lived.to - lived.from >= kShortestTrimmed) { lived = {lived.from + kTrimmedAtStart, lived.to - kTrimmedAtEnd}; }
    Life life;
    life.from = std::clamp<std::int64_t>(flow::bin_index(lived.from, flow::kActivityBinWidth) - first_bin, 0, bins);
    life.to = std::clamp<std::int64_t>(flow::bin_index(lived.to, flow::kActivityBinWidth) + 1 - first_bin, life.from, bins);
    return life;
}

/// One direction over a window, summed up: element k is what the bins before k carried.
struct RunningSums {
    std::vector<std::uint64_t> packets;
    std::vector<std::uint64_t> bytes;
};

std::size_t spread_out(std::span<const flow::ActivityBin> bins, std::int64_t first_bin, const Life& life, std::int64_t rotated, RunningSums& sums) {
    std::ranges::fill(sums.packets, 0U);
    std::ranges::fill(sums.bytes, 0U);
    std::size_t active = 0;
    const auto begin = std::ranges::lower_bound(bins, first_bin + life.from, {}, &flow::ActivityBin::index);
    for (auto bin = begin; bin != bins.end() && bin->index < first_bin + life.to; ++bin) {
        const auto at = static_cast<std::size_t>(life.from + (bin->index - first_bin - life.from + rotated) % life.size()) + 1;
        sums.packets[at] = std::min<std::uint64_t>(bin->packets, kMostInABin);
        sums.bytes[at] = std::min(bin->bytes, kMostBytesInABin);
        active += bin->packets > 0 ? 1 : 0;
    }
    std::partial_sum(sums.packets.begin(), sums.packets.end(), sums.packets.begin());
    std::partial_sum(sums.bytes.begin(), sums.bytes.end(), sums.bytes.begin());
    return active;
}

/// Boxes of a view in a window of `bins`; a window narrower than a box has one, which no flow lives through whole.
std::size_t boxes_of(const EpochView& view, std::int64_t bins) {
    return static_cast<std::size_t>(std::max<std::int64_t>(bins - view.width, 0) / view.stride + 1);
}

/// The boxes that the flow lived through whole, less their mean, as whole numbers; returns the inverse of their norm, 0 where
/// they are flat. A box lived through in part would look like a pause.
double quantise(const RunningSums& sums, const EpochView& view, const Life& life, std::size_t boxes, std::int8_t* out, std::vector<float>& values) {
    const auto width = static_cast<std::size_t>(view.width);
    const auto stride = static_cast<std::size_t>(view.stride);
    const std::size_t from = (static_cast<std::size_t>(life.from) + stride - 1) / stride;
    values.clear();
    float sum = 0;
    float least = 0;
    float most = 0;
    for (std::size_t k = from; k < boxes && k * stride + width <= static_cast<std::size_t>(life.to); ++k) {
        const std::size_t at = k * stride;
        const float value = view.bytes
                                ? static_cast<float>(std::log1p(static_cast<double>(sums.bytes[at + width] - sums.bytes[at]) / kSmallPacket))
                                : std::sqrt(static_cast<float>(sums.packets[at + width] - sums.packets[at]));
        least = values.empty() ? value : std::min(least, value);
        most = std::max(most, value);
        sum += value;
        values.push_back(value);
    }
    if (values.size() < 2) { return 0; }
    const float mean = sum / static_cast<float>(values.size());
    const float largest = std::max(most - mean, mean - least);
    if (largest < 1e-3F) { return 0; }
    const float unit = kLargest / largest;
    std::int64_t squares = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
        const auto value = static_cast<std::int32_t>(std::lrintf(std::clamp((values[k] - mean) * unit, -kLargest, kLargest)));
        out[from + k] = static_cast<std::int8_t>(value);
        squares += static_cast<std::int64_t>(value) * value;
    }
    return squares > 0 ? 1 / std::sqrt(static_cast<double>(squares)) : 0;
}

/// What is behind the lane must still be zero: lanes are filled front to back.
void remember(const Epoch::Lane& lane, std::array<float, kMemoryTerms>& memory) {
    std::array<std::int32_t, kMemoryTerms + 1> sums{};
    dot_kernel().correlate(lane.values, lane.values, lane.terms, sums.size(), sums.data());
    for (std::size_t k = 1; k <= kMemoryTerms; ++k) {
        const double likeness = sums[k] * lane.inverse_norm * lane.inverse_norm;
        const double taper = 2 * (1 - static_cast<double>(k) / static_cast<double>(kMemoryTerms + 1));
        memory[k - 1] = static_cast<float>(likeness * std::sqrt(taper));
    }
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
    std::size_t end = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::size_t view = lane % kViews.size();
        const std::size_t before = lane == 0 ? 0 : epoch.lags((lane - 1) % kViews.size());
        epoch.begin_[lane] = static_cast<std::uint32_t>(end + std::max(before, epoch.lags(view)));
        end = epoch.begin_[lane] + padded_terms(epochs::boxes_of(kViews[view], bins));
    }
    epoch.data_.assign(end + std::max(static_cast<std::size_t>(epoch.shape_.lags), kMemoryTerms), std::int8_t{0});

    const auto size = static_cast<std::size_t>(bins) + 1;
    epochs::RunningSums sums{std::vector<std::uint64_t>(size), std::vector<std::uint64_t>(size)};
    std::vector<float> values;
    for (std::size_t direction = 0; direction < 2; ++direction) {
        epoch.active_bins_ += epochs::spread_out(direction == 0 ? request : reply, first_bin, epoch.life_, std::max<std::int64_t>(rotated, 0), sums);
        epoch.packets_ += sums.packets.back();
        for (std::size_t view = 0; view < kViews.size(); ++view) {
            const std::size_t lane = direction * kViews.size() + view;
            epoch.inverse_norm_[lane] = epochs::quantise(sums, kViews[view], epoch.life_, epochs::boxes_of(kViews[view], bins),
                                                         epoch.data_.data() + epoch.begin_[lane], values);
            epochs::remember(epoch.lane(direction == 0 ? flow::Direction::request : flow::Direction::reply, view), epoch.memory_[lane]);
        }
    }
    return epoch;
}

Epoch Epoch::make(const flow::Flow& flow, std::int64_t first_bin, const EpochShape& shape, std::int64_t rotated) {
    return make(flow.activity.bins(flow::Direction::request), flow.activity.bins(flow::Direction::reply), flow.interval(), first_bin, shape, rotated);
}

Epoch::Lane Epoch::lane(flow::Direction direction, std::size_t view) const& {
    const std::size_t lane = (direction == flow::Direction::request ? 0 : kViews.size()) + view;
    return {data_.data() + begin_[lane], padded_terms(epochs::boxes_of(kViews[view], shape_.bins)), inverse_norm_[lane], memory_[lane].data()};
}

}  // namespace hw::trace
