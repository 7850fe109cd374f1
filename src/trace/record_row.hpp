#pragma once

#include "flow/flow.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::trace {

/// One flow as the record channel sees it: totals only.
struct RecordRow {
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::int64_t up = 0;    ///< Payload bytes from client to server; estimated where the exporter counts headers too.
    std::int64_t down = 0;  ///< The same, from server to client.
    std::uint32_t up_packets = 0;
    std::uint32_t down_packets = 0;
};

/// The rows of `flows`, in their order. Exporters that count whole packets (NetFlow, IPFIX) give no payload: then it is the
/// bytes less a header a packet, 52 bytes (IPv4, TCP with timestamps) or 40 as the flows' own smallest packets show
/// (IPv6: 72, 60; UDP: 28, 48).
[[nodiscard]] std::vector<RecordRow> record_rows(std::span<const flow::Flow* const> flows);

/// The logarithmic scale of delays: eight bins an octave of (256 µs + |delay|), both signs.
inline constexpr std::size_t kDelayHalf = 225;
inline constexpr std::size_t kDelayBins = 2 * kDelayHalf;
/// The bin of a delay; those beyond 2^36 µs share the last.
[[nodiscard]] inline std::size_t delay_bin(std::int64_t delay_us) {
    constexpr std::uint32_t kOrigin = std::bit_cast<std::uint32_t>(256.0F) >> 20U;
    const std::int64_t size = delay_us < 0 ? -(delay_us + 1) : delay_us;
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(size) + 256.0F) >> 20U;
    const std::size_t bin = std::min<std::size_t>(bits - kOrigin, kDelayHalf - 1);
    return delay_us < 0 ? kDelayHalf - 1 - bin : kDelayHalf + bin;
}

/// The scale of byte differences: one bin a byte up to 4096 either way, then eight bins an octave.
inline constexpr std::int64_t kExactBytes = 4096;
inline constexpr std::size_t kByteTail = 225;
inline constexpr std::size_t kByteBins = 2 * (static_cast<std::size_t>(kExactBytes) + kByteTail) + 1;
inline constexpr std::size_t kByteZero = static_cast<std::size_t>(kExactBytes) + kByteTail;
[[nodiscard]] inline std::size_t byte_bin(std::int64_t bytes) {
    if (bytes >= -kExactBytes && bytes <= kExactBytes) { return static_cast<std::size_t>(bytes + static_cast<std::int64_t>(kByteZero)); }
    constexpr std::uint32_t kOrigin = std::bit_cast<std::uint32_t>(static_cast<float>(kExactBytes)) >> 20U;
    const std::int64_t size = bytes < 0 ? -(bytes + 1) : bytes;
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(size)) >> 20U;
    const std::size_t bin = std::min<std::size_t>(bits - kOrigin, kByteTail - 1);
    const std::size_t off = static_cast<std::size_t>(kExactBytes) + 1 + bin;
    return bytes < 0 ? kByteZero - off : kByteZero + off;
}

/// Where a bin lies on its scale: its middle and its width, in seconds or bytes.
struct BinPlace {
    double middle = 0;
    double width = 1;
};
[[nodiscard]] BinPlace delay_place(std::size_t bin);
[[nodiscard]] BinPlace byte_place(std::size_t bin);

}  // namespace hw::trace
