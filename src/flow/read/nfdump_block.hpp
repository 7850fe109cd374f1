#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::read {

/// How a block of an nfdump file is packed; the numbers are those of layout 2.
enum class BlockPacking : std::uint8_t { none = 0, lzo = 1, bzip2 = 2, lz4 = 3, zstd = 4 };

/// No block unpacks to more than this: nfdump's own buffer is 5 MiB.
inline constexpr std::size_t kMostBlockBytes = 16U << 20U;

/// Unpacks one block into `out`, at most `kMostBlockBytes` of it, and gives what came out; nothing where it is damaged or
/// larger. The result is `packed` itself where nothing is packed.
[[nodiscard]] std::optional<std::span<const std::byte>> unpack_block(BlockPacking packing, std::span<const std::byte> packed, std::vector<std::byte>& out);

}  // namespace hw::flow::read
