#pragma once

#include "base/input/byte_source.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw {

/// Shows the bytes of a source piece by piece, each in one stretch of memory: without a copy where a piece lies in one block
/// of the source, copied together where it straddles two.
class BlockWindow {
public:
    explicit BlockWindow(ByteSource& source) : source_(source) {}

    /// The next `count` bytes without passing over them; fewer only at the end of the source. Valid until the next call of
    /// any member. `count` is to be capped by the caller: it may be allocated.
    [[nodiscard]] Result<std::span<const std::byte>> peek(std::size_t count) {
        if (carry_.empty()) {
            if (block_.size() >= count) [[likely]] { return block_.first(count); }
            carry_.assign(block_.begin(), block_.end());
            block_ = {};
        }
        while (carry_.size() < count) {
            if (block_.empty()) {
                if (ended_) { break; }
                HW_TRY(block_, source_.next());
                ++blocks_;
                ended_ = block_.empty();
                if (carry_.empty() && block_.size() >= count) { return block_.first(count); }
                continue;
            }
            const auto part = block_.first(std::min(count - carry_.size(), block_.size()));
            carry_.insert(carry_.end(), part.begin(), part.end());
            block_ = block_.subspan(part.size());
        }
        return std::span<const std::byte>(carry_).first(std::min(count, carry_.size()));
    }

    /// Passes over bytes that the last `peek` has shown.
    void consume(std::size_t count) {
        offset_ += count;
        if (carry_.empty()) {
            block_ = block_.subspan(count);
        } else if (count == carry_.size()) {
            carry_.clear();
        } else {
            carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(count));
        }
    }

    /// Passes over `count` bytes that need not be seen; false when the source ends before.
    [[nodiscard]] Result<bool> skip(std::uint64_t count) {
        while (count > 0) {
            const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, kSkipPiece));
            HW_TRY(const auto seen, peek(piece));
            consume(seen.size());
            if (seen.size() < piece) { return false; }
            count -= piece;
        }
        return true;
    }

    /// Bytes passed over so far.
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    /// Blocks taken from the source so far.
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }

private:
    static constexpr std::size_t kSkipPiece = std::size_t{64} * 1024;

    ByteSource& source_;
    std::span<const std::byte> block_;  ///< What is left of the current block.
    std::vector<std::byte> carry_;      ///< Bytes before `block_` that a straddling piece has needed.
    std::uint64_t offset_ = 0;
    std::uint64_t blocks_ = 0;
    bool ended_ = false;
};

}  // namespace hw
