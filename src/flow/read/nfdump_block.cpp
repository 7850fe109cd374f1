#include "flow/read/nfdump_block.hpp"

#include <bzlib.h>
#include <lz4.h>
#include <lzo/lzo1x.h>
#include <zstd.h>

#include <algorithm>

namespace hw::flow::read {
namespace {
namespace block_detail {

// The libraries take char pointers, which may alias any bytes.
const char* chars(std::span<const std::byte> bytes) { return static_cast<const char*>(static_cast<const void*>(bytes.data())); }
char* chars(std::vector<std::byte>& bytes) { return static_cast<char*>(static_cast<void*>(bytes.data())); }

}  // namespace block_detail
}  // namespace

std::optional<std::span<const std::byte>> unpack_block(BlockPacking packing, std::span<const std::byte> packed, std::vector<std::byte>& out) {
    using namespace block_detail;
    if (packing == BlockPacking::none) { return packed; }
    if (packed.empty() || packed.size() > kMostBlockBytes) { return std::nullopt; }
    // No more room than a block can fill, as getting it costs time: a byte of LZ4 or LZO stands for 255 at the most, zstd
    // tells its size as a rule, and bzip2 gets more when it asks for it.
    constexpr std::size_t kMostSpread = 256;
    std::size_t room = std::min(kMostBlockBytes, packed.size() * kMostSpread + kMostSpread);
    if (packing == BlockPacking::zstd) {
        const unsigned long long told = ZSTD_getFrameContentSize(packed.data(), packed.size());
        if (told == ZSTD_CONTENTSIZE_ERROR) { return std::nullopt; }
        room = told == ZSTD_CONTENTSIZE_UNKNOWN || told > kMostBlockBytes ? kMostBlockBytes : static_cast<std::size_t>(told);
    }
    if (out.size() < room) { out.resize(room); }  // the caller keeps it for the whole file
    std::size_t size = 0;
    switch (packing) {
        case BlockPacking::none: break;
        case BlockPacking::lzo: {
            lzo_uint length = out.size();
            const auto* from = static_cast<const unsigned char*>(static_cast<const void*>(packed.data()));
            auto* to = static_cast<unsigned char*>(static_cast<void*>(out.data()));
            if (lzo1x_decompress_safe(from, packed.size(), to, &length, nullptr) != LZO_E_OK) { return std::nullopt; }
            size = length;
            break;
        }
        case BlockPacking::bzip2: {
            std::vector<char> copy(chars(packed), chars(packed) + packed.size());  // its interface is not const
            for (;;) {
                auto length = static_cast<unsigned>(out.size());
                const int done = BZ2_bzBuffToBuffDecompress(chars(out), &length, copy.data(), static_cast<unsigned>(copy.size()), 0, 0);
                size = length;
                if (done == BZ_OK) { break; }
                if (done != BZ_OUTBUFF_FULL || out.size() >= kMostBlockBytes) { return std::nullopt; }
                out.resize(std::min(kMostBlockBytes, out.size() * 4));
            }
            break;
        }
        case BlockPacking::lz4: {
            const int length = LZ4_decompress_safe(chars(packed), chars(out), static_cast<int>(packed.size()), static_cast<int>(out.size()));
            if (length < 0) { return std::nullopt; }
            size = static_cast<std::size_t>(length);
            break;
        }
        case BlockPacking::zstd: {
            const std::size_t length = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
            if (ZSTD_isError(length) != 0) { return std::nullopt; }
            size = length;
            break;
        }
    }
    return std::span<const std::byte>(out).first(size);
}

}  // namespace hw::flow::read
