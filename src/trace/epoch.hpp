#pragma once

#include "flow/flow.hpp"
#include "trace/series.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// How epochs are laid out; only epochs of one shape can be compared.
struct EpochShape {
    std::int64_t bins = 1200;  ///< Length in bins of 250 ms: 300 s. At most kMostEpochBins.
    std::int64_t lags = 24;    ///< Largest lag that will be searched, either sign, in bins of 250 ms: 6 s. At most kMostEpochLags.
    friend bool operator==(const EpochShape&, const EpochShape&) = default;
};
inline constexpr std::int64_t kMostEpochBins = 7200;  // half an hour
inline constexpr std::int64_t kMostEpochLags = 240;   // a minute

/// The stretch of a window in which a flow lived, in bins relative to the window's first: [from, to).
struct Life {
    std::int64_t from = 0;
    std::int64_t to = 0;
    [[nodiscard]] std::int64_t size() const { return to - from; }
    friend bool operator==(const Life&, const Life&) = default;
};

/// One way to look at a flow's course: what it carried in boxes of `width` bins of 250 ms, one every `stride` bins. Boxes overlap,
/// so that a delay which is no multiple of their width is seen as sharply as one that is.
struct EpochView {
    std::int64_t width = 1;
    std::int64_t stride = 1;
    bool bytes = false;  ///< ln(1 + bytes/50) of a box; else √packets.
};
/// From narrow to wide. The narrow ones tell prompt relays apart and are all a short life has, the wide ones see through seconds
/// of jitter; there padding traffic must hide both packets and bytes.
inline constexpr std::array<EpochView, 7> kViews{
    {{1, 1, false}, {2, 1, false}, {4, 2, false}, {8, 4, false}, {8, 4, true}, {16, 8, false}, {16, 8, true}}};
inline constexpr std::size_t kViewOfHalfSecond = 1;  // packets in boxes of 0.5 s
inline constexpr std::size_t kViewOf2s = 3;
inline constexpr std::size_t kViewOf4s = 5;

/// For how many strides a lane's likeness to itself is kept.
inline constexpr std::size_t kMemoryTerms = 31;

/// A flow's activity over one window in compact form (DESIGN, section 5, A): for each direction and each of kViews the values of
/// its boxes, less their mean, as whole numbers in [−127, 127]; outside the flow's life, zero. A window of 300 s takes about
/// 11 kB.
///
/// That a flow was not there for a part of the window is no activity: else any two flows that begin and end together
/// would look alike. The first two seconds and the last one of a life are left out for the same reason (log-in and key
/// exchange look alike everywhere).
class Epoch {
public:
    /// One direction in one view.
    struct Lane {
        const std::int8_t* values = nullptr;  ///< `terms` of them, zero past the series' end; as many zeros on either side as lags.
        std::size_t terms = 0;                ///< A multiple of kDotBlock.
        double inverse_norm = 0;              ///< 1 / √Σ values²; 0: no course to compare.
        const float* memory = nullptr;        ///< `kMemoryTerms` of √(2·(1 − k/K))·r(k), r(k) being how like itself the lane is k = 1, 2, ... strides later.
    };

    /// `request` and `reply` are a flow's bins in rising order, `lived` its first to last packet, `first_bin` the absolute number
    /// of the window's first bin. A shape beyond the caps is cut down to them. `rotated` turns the course round within the life by
    /// so many bins: what no relay would make of it, for null samples.
    [[nodiscard]] static Epoch make(std::span<const flow::ActivityBin> request, std::span<const flow::ActivityBin> reply,
                                    Interval lived, std::int64_t first_bin, const EpochShape& shape, std::int64_t rotated = 0);
    /// The same of a flow with activity.
    [[nodiscard]] static Epoch make(const flow::Flow& flow, std::int64_t first_bin, const EpochShape& shape, std::int64_t rotated = 0);

    [[nodiscard]] Lane lane(flow::Direction direction, std::size_t view) const&;
    Lane lane(flow::Direction direction, std::size_t view) const&& = delete;  // it looks into the epoch
    /// Lags in one view, in its strides, either side of 0, for which there is padding.
    [[nodiscard]] std::size_t lags(std::size_t view) const { return static_cast<std::size_t>(shape_.lags / kViews[view].stride); }
    [[nodiscard]] const EpochShape& shape() const { return shape_; }
    [[nodiscard]] const Life& life() const { return life_; }
    /// Packets within the life, both directions.
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    /// Bins of 250 ms with a packet, both directions.
    [[nodiscard]] std::size_t active_bins() const { return active_bins_; }
    [[nodiscard]] std::size_t footprint() const { return data_.capacity(); }

private:
    static constexpr std::size_t kLanes = 2 * kViews.size();
    EpochShape shape_;
    Life life_;
    std::uint64_t packets_ = 0;
    std::size_t active_bins_ = 0;
    std::vector<std::int8_t> data_;
    std::array<std::uint32_t, kLanes> begin_{};  // of a lane's values in data_
    std::array<double, kLanes> inverse_norm_{};
    std::array<std::array<float, kMemoryTerms>, kLanes> memory_{};
};

}  // namespace hw::trace
