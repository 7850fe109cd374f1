#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <span>

namespace hw::flow::read {

/// A stream of bytes, read front to back once: a plain file, or one that is being unpacked.
class ByteSource {
public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;

    /// Fills the front of `into` (never empty) and says how many bytes it wrote; 0 only at the end of the stream. May
    /// write fewer than fit. Fails when the stream cannot be read further; what was read before stays valid.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::byte> into) = 0;
};

/// Reads from bytes in memory that outlive it.
class MemoryBytes final : public ByteSource {
public:
    explicit MemoryBytes(std::span<const std::byte> bytes) : rest_(bytes) {}
    [[nodiscard]] Result<std::size_t> read(std::span<std::byte> into) override;

private:
    std::span<const std::byte> rest_;
};

}  // namespace hw::flow::read
