#pragma once

#include "base/error.hpp"
#include "flow/flow.hpp"
#include "flow/store/group.hpp"
#include "flow/store/host_index.hpp"
#include "flow/store/host_pages.hpp"
#include "flow/store/records.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hw::flow::store {

/// Rows in a segment at most.
inline constexpr std::size_t kSegmentRows = std::size_t{1} << 20U;
/// Bytes that one checksum (XXH3, 64 bits) covers: damage is named, and contained, by such a piece.
inline constexpr std::size_t kChunk = 4096;
/// Flows that last longer than this lie in segments of their own, so that the others need not be searched far back.
inline constexpr Duration kLongFlow = std::chrono::minutes(15);

/// What a segment's front says of it; the manifest repeats it.
struct SegmentFacts {
    std::uint32_t rows = 0;
    Time first;              ///< Earliest first packet.
    Time first_last;         ///< Latest first packet.
    Time last;               ///< Latest last packet.
    Duration longest{0};     ///< Longest flow.
    friend bool operator==(const SegmentFacts&, const SegmentFacts&) = default;
};

/// A segment as bytes. Takes 1 to `kSegmentRows` flows in any order; `observers[flow.observer]` is the observer's name.
/// The bytes do not depend on that order where no two flows agree in first packet, id, observer, tunnels and last packet.
[[nodiscard]] std::vector<std::byte> write_segment(std::span<const Flow> flows, std::span<const std::string> observers);
[[nodiscard]] std::vector<std::byte> write_segment(std::span<const Flow* const> flows, std::span<const std::string> observers);

/// A sealed segment, read where it lies: every look-up touches only what it needs, and checks each piece's sum before its
/// first use. Any number of threads may read. Docs: docs/store-format.md.
class Segment {
public:
    /// Maps the file. Fails where it is no segment, or its front is damaged.
    [[nodiscard]] static Result<std::shared_ptr<const Segment>> open(const std::string& path);
    /// The same over bytes that outlive the segment.
    [[nodiscard]] static Result<std::shared_ptr<const Segment>> parse(std::span<const std::byte> bytes, const std::string& name);
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    [[nodiscard]] const SegmentFacts& facts() const { return facts_; }
    [[nodiscard]] std::span<const std::string> observers() const { return observers_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

    /// How many hosts it has, in the order of `host_before`; 0 for version 1.
    [[nodiscard]] std::size_t host_count() const { return version_ == 1 ? 0 : pages_.size(); }
    [[nodiscard]] Result<net::Address> host(std::size_t number) const { return host_at(number); }

    /// Appends the rows, rising, of flows of `host` whose lifetime touches `interval`. In segments of version 1 rows lie in order of
    /// first packet; since version 2 by one of their ends, the rows of an end in order of first packet.
    [[nodiscard]] Result<void> rows_of(const net::Address& host, Interval interval, std::vector<std::uint32_t>& out) const;
    /// The same for all hosts.
    [[nodiscard]] Result<void> rows_in(Interval interval, std::vector<std::uint32_t>& out) const;
    /// Sets `packets` and `bytes` of both halves, sampling, ends and times of the flow in `row`, and all else unless `slim`.
    /// `flow.observer` indexes this segment's observers.
    [[nodiscard]] Result<Flow> flow(std::uint32_t row, bool slim = false) const;

    /// Appends the rows, rising, whose request has `least` bytes or more: reads no other column.
    [[nodiscard]] Result<void> rows_of_size(std::uint64_t least, std::vector<std::uint32_t>& out) const;

    /// Packets and bytes, both directions, of these rows (rising).
    struct Totals {
        std::uint64_t flows = 0;
        std::uint64_t packets = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] Result<Totals> totals(std::span<const std::uint32_t> rows) const;

    /// Where damage was found, and what lies there.
    struct Damage {
        std::uint64_t offset = 0;  ///< In the file.
        std::uint64_t size = 0;
        std::string what;
    };
    /// Checks every piece's sum, and that every row can be read.
    [[nodiscard]] std::vector<Damage> scrub() const;

private:
    struct Section {
        std::uint64_t offset = 0;  ///< From the start of the data.
        std::uint64_t size = 0;
    };
    /// The sections, in the order in which the front lists them.
    using SectionKind = std::size_t;
    static constexpr SectionKind kGroups = 0, kGroupIndex = 1, kKinds = 2, kMarks = 3, kHosts = 4, kEntries = 5, kLists = 6, kPorts = 7, kSections = 8;
    static constexpr SectionKind kFences = kEntries;  ///< Version 2.

    Segment() = default;
    Result<void> read_front();
    Result<void> open_hosts();
    /// Says that these bytes of the data will be read, unless they have been.
    void expect(std::uint64_t offset, std::uint64_t size) const;
    [[nodiscard]] bool verified(std::uint64_t offset, std::uint64_t size) const {
        if (size == 0) { return true; }
        for (std::uint64_t chunk = offset / kChunk; chunk <= (offset + size - 1) / kChunk; ++chunk) {
            if (!checked_[chunk].load(std::memory_order_relaxed) && !verify_chunk(chunk)) { return false; }
        }
        return true;
    }
    [[nodiscard]] bool verify_chunk(std::uint64_t chunk) const;
    [[nodiscard]] std::unexpected<Error> damaged(std::uint64_t offset, const char* what) const;
    [[nodiscard]] std::span<const std::byte> section(SectionKind kind) const { return data_.subspan(sections_[kind].offset, sections_[kind].size); }
    /// The section, all of it checked.
    [[nodiscard]] Result<std::span<const std::byte>> whole(SectionKind kind) const;
    struct GroupPlace {
        std::uint64_t offset = 0;  ///< In the data.
        std::uint64_t size = 0;
        std::uint32_t stride = 0;  ///< Bits of a record (version 2).
    };
    [[nodiscard]] GroupPlace place_of(std::size_t group) const;
    /// Opens a group where it is sound; `view_of` says why where it is not.
    [[nodiscard]] bool reopen(RecordView& view, std::size_t group) const;
    template <typename View>
    [[nodiscard]] Result<View> view_of(std::size_t group) const;
    template <typename View>
    [[nodiscard]] Result<Flow> flow_of(std::uint32_t row, bool slim) const;
    template <typename View>
    [[nodiscard]] Result<void> rows_of_size_in(std::uint64_t least, std::vector<std::uint32_t>& out) const;
    template <typename View>
    [[nodiscard]] Result<Totals> totals_of(std::span<const std::uint32_t> rows) const;
    template <typename View>
    [[nodiscard]] Result<void> keep_overlapping(Interval interval, std::vector<std::uint32_t>& rows, std::size_t from) const;
    [[nodiscard]] Result<std::pair<std::uint32_t, std::uint32_t>> row_range(Interval interval) const;
    [[nodiscard]] Result<void> rows_of_old(const net::Address& host, Interval interval, std::vector<std::uint32_t>& out) const;
    /// The first of rows [`low`, `high`), which are in order of first packet, whose first packet is not before `time`.
    [[nodiscard]] Result<std::uint32_t> row_at(std::uint32_t low, std::uint32_t high, std::int64_t time) const;
    [[nodiscard]] Result<net::Address> host_at(std::uint64_t host) const;
    /// What is wrong with the bytes though their sums are right; nothing: nullptr.
    [[nodiscard]] const char* unsound() const;
    /// Where the row's record and its group begin (version 2).
    [[nodiscard]] const std::byte* record_at(std::uint32_t row, const std::byte*& group) const;

    std::string name_;
    std::span<const std::byte> bytes_;
    std::span<const std::byte> data_;
    std::size_t mapped_ = 0;
    SegmentFacts facts_;
    ColumnShapes shapes_{};
    std::array<Section, kSections> sections_{};
    std::vector<std::string> observers_;
    std::span<const std::byte> sums_;
    std::size_t data_start_ = 0;
    std::uint32_t version_ = 0;
    HostDictionary hosts_;  ///< Version 1.
    HostPages pages_;       ///< Version 2.
    RecordLayout layout_;   ///< Version 2.
    mutable std::unique_ptr<std::atomic<bool>[]> checked_;        ///< By chunk.
    mutable std::unique_ptr<std::atomic<bool>[]> group_checked_;  ///< Whether all chunks of a group are known to be (version 2).
    mutable std::atomic<std::size_t> unchecked_{0};
    mutable std::array<std::atomic<bool>, kSections> whole_checked_{};
    bool derived_ids_ = true;
};

}  // namespace hw::flow::store
