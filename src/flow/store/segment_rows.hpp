#pragma once

#include "base/huge_pages.hpp"
#include "flow/flow.hpp"
#include "flow/store/bits.hpp"
#include "flow/store/numbering.hpp"
#include "flow/store/segment.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// A flow as a segment is to hold it: hosts, ports and what has few values as numbers in the segment's dictionaries.
struct SegmentRow {
    std::uint64_t first = 0;  ///< Microseconds after the earliest of the segment.
    std::uint64_t duration = 0;
    std::array<std::uint64_t, 6> counts{};  ///< Packets, bytes and payload of the request, then of the reply.
    std::uint64_t id = 0;
    std::uint64_t extras = 0;  ///< Where they are, plus 1; 0: it has none.
    std::uint32_t near = 0;  ///< The end under which the row lies.
    std::uint32_t far = 0;
    std::uint32_t kind = 0;
    std::array<std::uint32_t, 2> marks{};
    std::uint32_t sampling = 1;
    std::uint16_t low_port = 0;  ///< Number in `ports`.
    std::uint16_t high_port = 0;
    std::uint16_t observer = 0;
    std::uint8_t tunnel_depth = 0;
};

/// The flows of a segment to be, in the order in which they were given.
struct SegmentRows {
    std::vector<SegmentRow, HugePageAllocator<SegmentRow>> rows;
    std::vector<net::Address> hosts;   ///< By `host_before`.
    std::vector<std::uint64_t> kinds;  ///< The most frequent first, so that the others' numbers are the exceptions.
    std::vector<std::uint64_t> marks;
    std::vector<std::uint16_t> ports;
    SegmentFacts facts;
    ColumnShapes shapes{};
    bool derived_ids = true;
};

/// Takes flows one by one, keeping of each no more than a segment does: numbers hosts, ports, kinds and marks, and decides at the end
/// under which end each row lies: the one whose network (/16, IPv6 /48) has more ends of the segment's flows, since a sensor's own network
/// is in nearly all that it sees; of two ends in equally busy networks the one with more flows; then the server.
class RowCollector {
public:
    /// `observer`: the name behind `flow.observer`. At most `kSegmentRows` flows.
    void add(const Flow& flow, std::string_view observer);
    /// The same of many; `observers[flow.observer]` is the observer's name.
    void add_all(std::span<const Flow* const> flows, std::span<const std::string> observers);
    /// Asks for the memory of a flow: it fills several cache lines, and flows are gone through once, faster than memory answers.
    [[gnu::always_inline]] static void prefetch_flow(const Flow& flow) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): addresses only
        const char* at = reinterpret_cast<const char*>(&flow);
        for (std::size_t line = 0; line < sizeof(Flow); line += 64) { __builtin_prefetch(at + line); }
    }
    /// Asks for the memory that `add` of this flow will need, some flows ahead of it. Inlined always: g++ leaves out calls of functions
    /// that do nothing else.
    [[gnu::always_inline]] void prefetch(const Flow& flow) const {
        hosts_.prefetch(flow.client.address);
        hosts_.prefetch(flow.server.address);
    }
    /// The same for what lies behind that memory, later.
    [[gnu::always_inline]] void prefetch_next(const Flow& flow) const {
        hosts_.prefetch_key(flow.client.address);
        hosts_.prefetch_key(flow.server.address);
    }
    [[nodiscard]] std::size_t size() const { return all_.rows.size(); }
    /// Whether it should be written: it has all the rows of a segment, or what few flows have takes much memory.
    [[nodiscard]] bool full() const { return size() == kSegmentRows || extras_.size() >= kMostExtras; }
    static constexpr std::size_t kMostExtras = std::size_t{256} << 20U;

    /// The rows of all flows, of which there must be one at least; they stay until `clear`.
    [[nodiscard]] const SegmentRows& finish();
    /// A row's extras (`append_extras`).
    [[nodiscard]] std::span<const std::byte> extras(const SegmentRow& row) const {
        std::uint32_t size = 0;
        std::memcpy(&size, &extras_[row.extras - 1], sizeof size);
        return std::span(extras_).subspan(row.extras - 1 + sizeof size, size);
    }
    [[nodiscard]] std::size_t extras_size() const { return extras_.size(); }
    [[gnu::always_inline]] void prefetch_extras(const SegmentRow& row) const {
        if (row.extras != 0) { __builtin_prefetch(&extras_[row.extras - 1]); }
    }
    /// Makes ready for another segment, keeping the memory.
    void clear();

private:
    /// Least and greatest of a column.
    struct Bounds {
        std::uint64_t low = ~std::uint64_t{0};
        std::uint64_t high = 0;
        void add(std::uint64_t v) {
            low = std::min(low, v);
            high = std::max(high, v);
        }
    };
    /// What divides all differences of a column.
    struct Divisor {
        std::uint64_t from = 0;
        ExactDivision by{};
        std::uint64_t divisor = 0;
        void add(std::uint64_t v);
        [[nodiscard]] std::uint64_t scale() const { return std::max<std::uint64_t>(divisor, 1); }
    };
    void set_shapes(const std::vector<std::uint32_t>& rank_of_mark);

    SegmentRows all_;
    Numbering<net::Address> hosts_;
    Numbering<std::uint64_t> kinds_;
    Numbering<std::uint64_t> marks_;
    std::vector<std::uint32_t> port_counts_;
    std::array<Bounds, 6> counts_;
    Bounds duration_;
    Bounds sampling_;
    Bounds high_port_;
    std::array<Bounds, 2> mark_bounds_;
    Divisor first_by_;
    Divisor duration_by_;
    std::vector<std::byte> extras_;  ///< Each behind its size, 4 bytes.
};

/// A segment to be written: its front, then its data.
struct SegmentImage {
    std::vector<std::byte> front;
    std::vector<std::byte> data;
    SegmentFacts facts;
};
/// The segment of these flows, as `write_segment` for flows that are not held. `flows` is as after `finish`; `image` may hold an
/// earlier one, whose memory is used again.
void write_rows(RowCollector& flows, std::span<const std::string> observers, SegmentImage& image);

}  // namespace hw::flow::store
