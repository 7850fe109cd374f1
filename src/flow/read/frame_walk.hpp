#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hw::flow::read {

/// The bytes of one segment that had not been seen before.
struct SegmentBytes {
    std::span<const std::byte> seen;  ///< What the capture kept of them: the first ones.
    std::uint32_t length = 0;         ///< How many there were.
    std::uint32_t gap = 0;            ///< Bytes before them that were not captured.
};

/// Walks the frames (TLS records, SSH packets, HTTP/2 frames) of one direction of a stream of which bytes may be missing: lost, or
/// beyond the snap length. Keeps at most 24 bytes of a frame's head, whatever the frame says of its length.
///
/// `Format` says how a frame looks. From `kHead` bytes on `length_of(head)` gives its whole length, 0 where more of the head is
/// needed to tell, nothing where no such frame can be; `wanted_of(head)` bytes of it (at most 24) are worth having, where they
/// are captured.
template <typename Format>
class FrameWalk {
public:
    static constexpr std::size_t kMost = 24;

    /// Where the next frame begins is not known: the capture lacks bytes.
    [[nodiscard]] bool lost() const { return lost_; }
    void lose() {
        lost_ = true;
        have_ = 0;
        total_ = 0;
        watch_ = 0;
    }
    /// For `on_frame`: the byte at `place` of the frame, which lies beyond its head, is to be kept for `watched()`.
    void watch(std::uint64_t place) { watch_ = place >= have_ ? place - have_ + 1 : 0; }
    [[nodiscard]] std::optional<std::byte> watched() const { return watched_; }

    /// Walks on through a segment. `on_frame(head)` for each frame of which at least `kHead` bytes were captured, at the moment
    /// when what is wanted of it has come; stops when that returns false, and gives the bytes of the segment that are left.
    /// Where the place had been lost, a segment's begin is tried as a frame's.
    template <typename OnFrame>
    std::uint32_t feed(const SegmentBytes& segment, const OnFrame& on_frame) {
        step_over(segment.gap);
        if (lost_) {
            if (segment.seen.size() < Format::kHead || Format::length_of(segment.seen.first(Format::kHead)).value_or(0) == 0) { return 0; }
            lost_ = false;
            skip_ = 0;
        }
        std::uint32_t at = 0;
        while (at < segment.length) {
            if (skip_ > 0) {
                const auto step = static_cast<std::uint32_t>(std::min<std::uint64_t>(skip_, segment.length - at));
                keep_watched(segment, at, step);
                skip_ -= step;
                at += step;
                continue;
            }
            if (at >= segment.seen.size()) {  // beyond the snap length
                if (total_ == 0) {
                    lose();
                    return 0;
                }
                // The length is known, so the way goes on.
                if (!finish_head(on_frame)) { return segment.length - at; }
                continue;
            }
            head_[have_++] = segment.seen[at++];
            if (total_ == 0) {
                if (have_ < Format::kHead) { continue; }
                const std::span<const std::byte> head(head_.data(), have_);
                const auto length = Format::length_of(head);
                if (!length || (*length == 0 && have_ == kMost) || (*length > 0 && *length < have_)) {
                    lose();
                    return 0;
                }
                total_ = *length;
                if (total_ == 0) { continue; }
                wanted_ = static_cast<std::size_t>(std::min<std::uint64_t>({total_, Format::wanted_of(head), kMost}));
            }
            if (have_ >= wanted_ && !finish_head(on_frame)) { return segment.length - at; }
        }
        return 0;
    }

private:
    void step_over(std::uint32_t gap) {
        if (gap == 0 || lost_) { return; }
        if (have_ == 0 && skip_ >= gap) {
            skip_ -= gap;
            watch_ = watch_ > gap ? watch_ - gap : 0;
        } else {
            lose();
        }
    }
    void keep_watched(const SegmentBytes& segment, std::uint32_t at, std::uint32_t step) {
        if (watch_ == 0) { return; }
        if (watch_ <= step) {
            const std::size_t place = at + static_cast<std::size_t>(watch_) - 1;
            if (place < segment.seen.size()) { watched_ = segment.seen[place]; }
            watch_ = 0;
        } else {
            watch_ -= step;
        }
    }
    template <typename OnFrame>
    bool finish_head(const OnFrame& on_frame) {
        const std::span<const std::byte> head(head_.data(), have_);
        skip_ = total_ - have_;
        const bool go_on = on_frame(head, total_);
        have_ = 0;
        total_ = 0;
        return go_on;
    }

    std::uint64_t skip_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t watch_ = 0;
    std::size_t wanted_ = 0;
    std::array<std::byte, kMost> head_{};
    std::size_t have_ = 0;
    bool lost_ = false;
    std::optional<std::byte> watched_;
};

}  // namespace hw::flow::read
