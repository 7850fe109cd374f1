#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hw::flow::read {

/// The bytes of a protocol header of fixed length. One length check makes it (`header_at`); after that every field is read
/// at a place which the compiler has checked, so that the hot path carries no bounds test a field.
template <std::size_t N>
using HeaderBytes = std::span<const std::byte, N>;

/// The first `N` bytes; to be called only where `bytes.size() >= N` has been checked.
template <std::size_t N>
[[nodiscard]] constexpr HeaderBytes<N> header_of(std::span<const std::byte> bytes) {
    return bytes.template first<N>();
}

template <std::size_t At, std::size_t N>
[[nodiscard]] constexpr std::uint8_t u8_at(HeaderBytes<N> header) {
    static_assert(At < N);
    return std::to_integer<std::uint8_t>(header[At]);
}

/// Big-endian (network order).
template <std::size_t At, std::size_t N>
[[nodiscard]] constexpr std::uint16_t be16_at(HeaderBytes<N> header) {
    static_assert(At + 2 <= N);
    return static_cast<std::uint16_t>((std::to_integer<unsigned>(header[At]) << 8U) | std::to_integer<unsigned>(header[At + 1]));
}

template <std::size_t At, std::size_t N>
[[nodiscard]] constexpr std::uint32_t be32_at(HeaderBytes<N> header) {
    static_assert(At + 4 <= N);
    return (std::to_integer<std::uint32_t>(header[At]) << 24U) | (std::to_integer<std::uint32_t>(header[At + 1]) << 16U) |
           (std::to_integer<std::uint32_t>(header[At + 2]) << 8U) | std::to_integer<std::uint32_t>(header[At + 3]);
}

template <std::size_t At, std::size_t N>
[[nodiscard]] constexpr std::uint64_t be64_at(HeaderBytes<N> header) {
    return (std::uint64_t{be32_at<At>(header)} << 32U) | be32_at<At + 4>(header);
}

}  // namespace hw::flow::read
