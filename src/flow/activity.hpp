#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow {

/// Which way: `request` is client to server, `reply` server to client (RFC 5103: forward and reverse).
enum class Direction : std::uint8_t { request, reply };
[[nodiscard]] constexpr Direction opposite(Direction d) { return d == Direction::request ? Direction::reply : Direction::request; }

/// One bin of activity: what one direction carried in `[index·width, (index+1)·width)` since the epoch.
struct ActivityBin {
    std::int64_t index = 0;     ///< Absolute bin number: floor(microseconds since the epoch / width).
    std::uint32_t packets = 0;  ///< Packets that carried new payload (any packet where the protocol is not TCP).
    std::uint64_t bytes = 0;    ///< Transport payload bytes, retransmitted ones counted once.
    friend bool operator==(const ActivityBin&, const ActivityBin&) = default;
};

/// The default bin width: 250 ms (DESIGN, section 4).
inline constexpr Duration kActivityBinWidth = std::chrono::milliseconds(250);

/// A flow's traffic over time, both directions: the non-empty bins in order, packed as run-length coded varints so that
/// a flow of a few packets costs a few bytes. Bins are absolute, hence those of two flows of one observer line up.
class Activity {
public:
    Activity() = default;
    /// Packs bins that are in strictly rising order of index.
    [[nodiscard]] static Activity from_bins(std::span<const ActivityBin> request, std::span<const ActivityBin> reply,
                                            Duration width = kActivityBinWidth);

    /// From what two `BinPacker`s made.
    [[nodiscard]] static Activity from_packed(std::string request, std::string_view reply, Duration width = kActivityBinWidth);

    /// From packed bytes that were stored or sent. Nothing when they are not what a `BinPacker` writes, when `width` is not
    /// positive, or when they would unpack to more than `kMaxStoredBins` bins: bytes from outside must not choose how much memory is taken.
    [[nodiscard]] static std::optional<Activity> from_stored(std::string_view request, std::string_view reply, Duration width);
    static constexpr std::size_t kMaxStoredBins = 8'000'000;  ///< Both directions; three weeks of 250 ms without a gap.

    /// The packed bytes of one direction, to be stored.
    [[nodiscard]] std::string_view packed(Direction direction) const {
        const std::string_view all = packed_;
        return direction == Direction::request ? all.substr(0, request_size_) : all.substr(request_size_);
    }

    [[nodiscard]] Duration width() const { return width_; }
    /// No bins at all: nothing is known of the flow's course (totals only), or it carried no payload.
    [[nodiscard]] bool empty() const { return packed_.empty(); }
    /// Counted from packets, in bins of the default width: not the coarse course that an exporter's slices give.
    [[nodiscard]] bool fine() const { return !empty() && width_ == kActivityBinWidth; }
    /// The non-empty bins of one direction, unpacked, in rising order.
    [[nodiscard]] std::vector<ActivityBin> bins(Direction direction) const;
    /// Heap bytes held.
    [[nodiscard]] std::size_t footprint() const { return packed_.capacity(); }

    friend bool operator==(const Activity&, const Activity&) = default;

private:
    Duration width_ = kActivityBinWidth;
    std::uint32_t request_size_ = 0;  ///< Bytes of `packed_` that hold the request half; the rest is the reply half.
    std::string packed_;
};

/// Packs one direction's bins as they come: varints of (gap to the bin before, packets, bytes), and where a bin repeats
/// the one before it, a run. A part of `ActivityBuilder`; kept small, because a reader holds two for each live flow.
///
/// Form: a bin is `varint(2·gap) varint(packets) varint(bytes)`, gap ≥ 1 being the distance to the bin before; `n` more bins
/// with the same gap, packets and bytes are `varint(2·n + 1)`. The first bin's gap is the zigzag of its index, plus 1.
class BinPacker {
public:
    /// Appends a bin after all those before; `bin.index` must exceed theirs.
    void add(const ActivityBin& bin);
    /// The packed bytes; the packer is empty afterwards.
    [[nodiscard]] std::string finish();

private:
    void flush_run();

    std::string packed_;
    ActivityBin last_;
    std::uint64_t last_gap_ = 0;  ///< 0: no bin yet.
    std::uint64_t run_ = 0;
};

/// Gathers activity packet by packet in O(1); a packet that arrives out of time order by more than the current bin is
/// counted in the current bin.
class ActivityBuilder {
public:
    explicit ActivityBuilder(Duration width = kActivityBinWidth) : width_(width) {}
    void add(Direction direction, Time time, std::uint64_t bytes, std::uint32_t packets = 1);
    /// What was gathered; the builder is empty afterwards.
    [[nodiscard]] Activity finish();

private:
    struct Half {
        ActivityBin bin;
        BinPacker packer;
    };
    Duration width_;
    Half request_;
    Half reply_;
};

/// The bin that `time` falls in: floor(microseconds / width), also before the epoch.
[[nodiscard]] constexpr std::int64_t bin_index(Time time, Duration width) {
    const std::int64_t micros = time.micros();
    const std::int64_t w = width.count();
    return micros / w - (micros % w < 0 ? 1 : 0);
}

}  // namespace hw::flow
