#pragma once

#include "flow/flow.hpp"
#include "flow/store/segment.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::store {

/// A flow as a segment is to hold it: hosts, ports and what has few values as numbers in the segment's dictionaries.
struct SegmentRow {
    std::uint64_t first = 0;  ///< Microseconds after the earliest of the segment.
    std::uint64_t duration = 0;
    std::array<std::uint64_t, 6> counts{};  ///< Packets, bytes and payload of the request, then of the reply.
    std::uint32_t near = 0;  ///< The end under which the row lies.
    std::uint32_t far = 0;
    std::uint16_t low_port = 0;  ///< Number in `ports`.
    std::uint16_t high_port = 0;
    std::uint32_t kind = 0;
    std::array<std::uint32_t, 2> marks{};
    std::uint32_t sampling = 1;
    bool has_extras = false;
    const Flow* flow = nullptr;
};

/// The flows of a segment to be, in the order in which they were given.
struct SegmentRows {
    std::vector<SegmentRow> rows;
    std::vector<net::Address> hosts;   ///< By `host_before`.
    std::vector<std::uint64_t> kinds;  ///< The most frequent first, so that the others' numbers are the exceptions.
    std::vector<std::uint64_t> marks;
    std::vector<std::uint16_t> ports;
    SegmentFacts facts;
    ColumnShapes shapes{};
    bool derived_ids = true;
};

/// Numbers hosts, ports, kinds and marks, and decides under which end each row lies: the one whose network (/16, IPv6 /48) has more
/// ends of the segment's flows, since a sensor's own network is in nearly all that it sees; of two ends in equally busy networks the one
/// with more flows; then the server. Takes at least one flow.
[[nodiscard]] SegmentRows number_rows(std::span<const Flow* const> flows, std::span<const std::string> observers);

}  // namespace hw::flow::store
