#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace hw::flow::store {

/// Bytes that must lie behind a packed array, so that its last value can be fetched with one wide load.
inline constexpr std::size_t kPackedSlack = 9;

/// The bits that `value` takes: 0 for 0, 64 at most.
[[nodiscard]] constexpr unsigned bits_of(std::uint64_t value) { return static_cast<unsigned>(std::bit_width(value)); }

/// Division by a number that many dividends share, where there is no remainder: one multiplication by the inverse of its odd part modulo
/// 2^64, and a rotation (Granlund and Montgomery, PLDI 1994, section 9).
class ExactDivision {
public:
    ExactDivision() = default;
    /// `divisor` is at least 1.
    constexpr explicit ExactDivision(std::uint64_t divisor) : shift_(std::countr_zero(divisor)), greatest_(~std::uint64_t{0} / divisor) {
        const std::uint64_t odd = divisor >> shift_;
        inverse_ = odd;  // right in the last three bits; each step doubles them
        for (int i = 0; i < 5; ++i) { inverse_ *= 2 - odd * inverse_; }
    }
    [[nodiscard]] constexpr bool divides(std::uint64_t n) const { return (*this)(n) <= greatest_; }
    /// `n / divisor` where `divides(n)`.
    [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t n) const { return std::rotr(n * inverse_, shift_); }

private:
    int shift_ = 0;
    std::uint64_t greatest_ = ~std::uint64_t{0};
    std::uint64_t inverse_ = 1;
};

/// Bytes of `count` values of `width` bits each, without the slack.
[[nodiscard]] constexpr std::size_t packed_bytes(std::size_t count, unsigned width) { return (count * width + 7) / 8; }

/// A little-endian integer at `at`, whatever the alignment.
template <typename T>
[[nodiscard]] T load_little(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    if constexpr (std::endian::native == std::endian::big) { value = std::byteswap(value); }
    return value;
}

/// Value `index` of an array of `width`-bit values (least significant bits first). The caller has checked that
/// `packed_bytes(index + 1, width) + kPackedSlack` bytes lie at `array`.
[[nodiscard]] inline std::uint64_t unpack_at(const std::byte* array, std::size_t index, unsigned width) {
    if (width == 0) { return 0; }
    const std::size_t bit = index * width;
    const unsigned shift = bit % 8;
    std::uint64_t value = load_little<std::uint64_t>(array + bit / 8) >> shift;
    if (width + shift > 64) { value |= std::to_integer<std::uint64_t>(array[bit / 8 + 8]) << (64 - shift); }
    return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

/// The `width` bits that begin at bit `bit` of `bytes`; the caller has checked that nine bytes lie there.
[[nodiscard]] inline std::uint64_t bits_at(const std::byte* bytes, std::size_t bit, unsigned width) {
    const unsigned shift = bit % 8;
    std::uint64_t value = load_little<std::uint64_t>(bytes + bit / 8) >> shift;
    if (width + shift > 64) { value |= std::to_integer<std::uint64_t>(bytes[bit / 8 + 8]) << (64 - shift); }
    return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

/// Sets the `width` bits that begin at bit `bit`, which are 0 yet; nine bytes must lie there.
inline void put_bits(std::byte* bytes, std::size_t bit, unsigned width, std::uint64_t value) {
    const unsigned shift = bit % 8;
    std::byte* at = bytes + bit / 8;
    std::uint64_t word = load_little<std::uint64_t>(at) | value << shift;
    if constexpr (std::endian::native == std::endian::big) { word = std::byteswap(word); }
    std::memcpy(at, &word, sizeof word);
    if (width + shift > 64) { at[8] |= static_cast<std::byte>(value >> (64 - shift)); }
}

template <typename T>
void append_little(std::vector<std::byte>& out, T value) {
    if constexpr (std::endian::native == std::endian::big) { value = std::byteswap(value); }
    const std::size_t at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
}

/// Appends `values`, `width` bits each; none may need more. No slack.
inline void append_packed(std::vector<std::byte>& out, std::span<const std::uint64_t> values, unsigned width) {
    if (width == 0) { return; }
    out.reserve(out.size() + packed_bytes(values.size(), width));
    std::uint64_t pending = 0;
    unsigned held = 0;
    for (const std::uint64_t value : values) {
        pending |= value << held;
        if (held + width >= 64) {
            append_little(out, pending);
            const unsigned taken = 64 - held;
            pending = taken == 64 ? 0 : value >> taken;
            held = held + width - 64;
        } else {
            held += width;
        }
    }
    for (; held > 0; held = held > 8 ? held - 8 : 0, pending >>= 8U) { out.push_back(static_cast<std::byte>(pending & 0xffU)); }
}

/// LEB128: seven bits a byte, least significant first.
inline void append_varint(std::vector<std::byte>& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) { out.push_back(static_cast<std::byte>(value | 0x80U)); }
    out.push_back(static_cast<std::byte>(value));
}

/// Reads what `append_varint` wrote, and moves `bytes` behind it; false when they end before it, or it is longer than 64 bits.
[[nodiscard]] inline bool take_varint(std::span<const std::byte>& bytes, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(bytes.front());
        bytes = bytes.subspan(1);
        value |= (byte & 0x7fU) << shift;
        if (byte < 0x80) { return shift < 63 || byte < 2; }
    }
    return false;
}

/// Signed numbers of small size as small unsigned ones: 0, -1, 1, -2, … → 0, 1, 2, 3, …
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t v) { return (static_cast<std::uint64_t>(v) << 1U) ^ static_cast<std::uint64_t>(v >> 63); }
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t v) { return static_cast<std::int64_t>((v >> 1U) ^ (0 - (v & 1U))); }

}  // namespace hw::flow::store
