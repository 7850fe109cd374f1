#pragma once

#include "flow/store/segment.hpp"

#include <array>
#include <optional>

namespace hw::flow::store {

/// The front of a segment as fields. Its bytes: magic, version, its size, XXH3 of all behind, then these, then a sum a chunk.
struct FrontFields {
    struct Place {
        std::uint64_t offset = 0;
        std::uint64_t size = 0;
    };
    SegmentFacts facts;
    bool derived_ids = true;
    ColumnShapes shapes{};
    std::array<Place, 8> sections{};
    std::vector<std::string> observers;
};

inline constexpr std::size_t kFrontFixed = 24;
inline constexpr std::uint32_t kSegmentVersion = 2;  ///< That is written; version 1 is read too.
inline constexpr char kSegmentMagic[9] = "HWSEGMNT";

/// The bytes of a front, with the sums of the data that are to follow it.
[[nodiscard]] std::vector<std::byte> write_front(const FrontFields& front, std::span<const std::byte> data);

/// What of a flow has few values: protocol, end, basis, tunnel depth, observer, the log's word on the ends' place. 44 bits;
/// version 2 has in bit 44 whether the near end is the client, in bit 45 whether the lower port is the client's.
inline constexpr std::uint64_t kNearIsClient = std::uint64_t{1} << 44U;
inline constexpr std::uint64_t kLowIsClients = std::uint64_t{1} << 45U;
[[nodiscard]] std::uint64_t kind_bits(const Flow& flow);
void set_kind(Flow& flow, std::uint64_t bits);
/// What of a half has few values: TCP flags, TTLs, link-layer sender.
[[nodiscard]] std::uint64_t mark_bits(const HalfFlow& half);
void set_marks(HalfFlow& half, std::uint64_t bits);

}  // namespace hw::flow::store
