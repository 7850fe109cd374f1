#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace hw {

/// A big-endian (network order) integer whose bytes are there.
template <typename T>
[[nodiscard]] inline T load_big(const std::byte* bytes) {
    T value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return std::endian::native == std::endian::big ? value : std::byteswap(value);
}

/// Reads integers and sub-ranges from a block of bytes, front to back, never past its end.
///
/// A read that does not fit returns `nullopt` and leaves the cursor where it was, so the caller can report
/// `offset()` as the place of the damage. The cursor does not own the bytes.
class ByteCursor {
public:
    explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

    [[nodiscard]] std::size_t offset() const { return offset_; }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }
    [[nodiscard]] bool empty() const { return remaining() == 0; }
    /// What has not been read yet.
    [[nodiscard]] std::span<const std::byte> rest() const { return bytes_.subspan(offset_); }

    [[nodiscard]] std::optional<std::uint8_t> u8() { return big<std::uint8_t>(); }
    /// Big-endian (network order) integers.
    [[nodiscard]] std::optional<std::uint16_t> be16() { return big<std::uint16_t>(); }
    [[nodiscard]] std::optional<std::uint32_t> be32() { return big<std::uint32_t>(); }
    [[nodiscard]] std::optional<std::uint64_t> be64() { return big<std::uint64_t>(); }
    /// Integers in the byte order that a file announces.
    [[nodiscard]] std::optional<std::uint16_t> u16(std::endian order) { return ordered<std::uint16_t>(order); }
    [[nodiscard]] std::optional<std::uint32_t> u32(std::endian order) { return ordered<std::uint32_t>(order); }
    [[nodiscard]] std::optional<std::uint64_t> u64(std::endian order) { return ordered<std::uint64_t>(order); }

    /// The next `count` bytes, or nothing when fewer are left.
    [[nodiscard]] std::optional<std::span<const std::byte>> take(std::size_t count) {
        if (count > remaining()) { return std::nullopt; }
        const auto taken = bytes_.subspan(offset_, count);
        offset_ += count;
        return taken;
    }

    /// Passes over `count` bytes; false, and no move, when fewer are left.
    [[nodiscard]] bool skip(std::size_t count) { return take(count).has_value(); }

private:
    template <typename T>
    std::optional<T> big() {
        if (sizeof(T) > remaining()) { return std::nullopt; }
        const T value = load_big<T>(bytes_.data() + offset_);
        offset_ += sizeof(T);
        return value;
    }

    template <typename T>
    std::optional<T> ordered(std::endian order) {
        const auto value = big<T>();
        if (!value || order == std::endian::big) { return value; }
        return std::byteswap(*value);
    }

    std::span<const std::byte> bytes_;
    std::size_t offset_ = 0;
};

}  // namespace hw
