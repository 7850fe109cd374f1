#pragma once

#include <cstdint>

namespace hw::flow::read {

/// Follows one direction of a TCP connection by its sequence numbers, to count every byte once however often it is sent.
///
/// Remembers the highest number seen and the latest hole below it, which late (reordered) segments fill. Sequence numbers wrap;
/// a segment far (2^28) from the window is taken for a new start, so that a stray or forged one cannot silence the rest.
class SequenceTrack {
public:
    /// A SYN with this number: data start after it.
    void start(std::uint32_t syn) {
        next_ = syn + 1;
        hole_length_ = 0;
    }
    /// Where the next byte belongs, learnt from a segment without data.
    void set_next(std::uint32_t next) { start(next - 1); }
    [[nodiscard]] std::uint32_t next() const { return next_; }

    /// How many of the `length` bytes from `sequence` on have not been seen before; they count as seen now. Keep-alives
    /// (RFC 9293, 3.8.4: one byte, or none, before the next number) and retransmissions give 0.
    [[nodiscard]] std::uint32_t fresh(std::uint32_t sequence, std::uint32_t length) {
        const auto start_at = static_cast<std::int32_t>(sequence - next_);
        const auto end_at = static_cast<std::int32_t>(sequence + length - next_);
        if (start_at < -kFar || start_at > kFar) {
            set_next(sequence + length);
            return length;
        }
        if (end_at <= 0) { return fill_hole(sequence, length); }
        if (start_at > 0) {
            hole_start_ = next_;
            hole_length_ = static_cast<std::uint32_t>(start_at);
        }
        next_ = sequence + length;
        return start_at >= 0 ? length : static_cast<std::uint32_t>(end_at);
    }

private:
    static constexpr std::int32_t kFar = 1 << 28;

    std::uint32_t fill_hole(std::uint32_t sequence, std::uint32_t length) {
        if (hole_length_ == 0) { return 0; }
        const auto hole = static_cast<std::int64_t>(hole_length_);
        std::int64_t from = static_cast<std::int32_t>(sequence - hole_start_);
        std::int64_t to = from + length;
        if (from < 0) { from = 0; }
        if (to > hole) { to = hole; }
        if (to <= from) { return 0; }
        // What lies before stays open; where nothing does, what lies after.
        if (from == 0) {
            hole_start_ += static_cast<std::uint32_t>(to);
            hole_length_ = static_cast<std::uint32_t>(hole - to);
        } else {
            hole_length_ = static_cast<std::uint32_t>(from);
        }
        return static_cast<std::uint32_t>(to - from);
    }

    std::uint32_t next_ = 0;
    std::uint32_t hole_start_ = 0;
    std::uint32_t hole_length_ = 0;
};

}  // namespace hw::flow::read
