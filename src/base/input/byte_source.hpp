#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace hw {

/// The same bytes, seen as text.
[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) { return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()}; }

/// A stream of bytes, read front to back once: a plain file, or one that is being unpacked.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// The next block of bytes, of any size, valid until the next call; empty only at the end of the stream. Fails when the
    /// stream cannot be read further.
    [[nodiscard]] virtual Result<std::span<const std::byte>> next() = 0;
};

/// Gives bytes in memory, which outlive it, in blocks of at most `block` bytes.
class MemoryBytes final : public ByteSource {
public:
    explicit MemoryBytes(std::span<const std::byte> bytes, std::size_t block = std::size_t{1} << 20U) : rest_(bytes), block_(block) {}
    [[nodiscard]] Result<std::span<const std::byte>> next() override {
        const auto taken = rest_.first(rest_.size() < block_ ? rest_.size() : block_);
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const std::byte> rest_;
    std::size_t block_;
};

}  // namespace hw
