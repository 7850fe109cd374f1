#pragma once

#include "flow/store/bits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::store {

/// Rows that lie together with all their columns: what one look-up reads. 256, so that a row's place in it is one byte.
inline constexpr std::size_t kGroupRows = 256;

/// One number of a row. The order is that of the format (docs/store-format.md): append only.
enum class Column : std::uint8_t {
    first,            ///< Microseconds after the segment's earliest first packet.
    duration,         ///< last − first, microseconds.
    client,           ///< Number in the host dictionary. Version 2: of the end under which the row lies, its near end.
    server,           ///< Version 2: of the other, the far end.
    client_port,      ///< Version 2: the lower port's number in the dictionary of ports.
    server_port,      ///< Version 2: the higher port.
    kind,             ///< Number in the dictionary of kinds.
    sampling,
    request_packets,
    request_bytes,
    request_payload,
    reply_packets,
    reply_bytes,
    reply_payload,
    request_marks,    ///< Number in the dictionary of marks.
    reply_marks,
    extra,            ///< Where the row's extras begin in its group's, plus 1; 0: it has none.
    id,               ///< The flow's id, where the segment's ids do not follow from its flows.
};
inline constexpr std::size_t kColumns = 18;

/// How a segment holds a column: each value is `min + scale·n`. A column that is the same in every row takes no bytes.
struct ColumnShape {
    std::uint64_t min = 0;
    std::uint64_t max = 0;
    std::uint64_t scale = 1;  ///< At least 1: the greatest common divisor of all distances from `min`, for times in ms and the like.
    [[nodiscard]] bool constant() const { return min == max; }
};
using ColumnShapes = std::array<ColumnShape, kColumns>;

/// One group's values, column by column; those of constant columns are not looked at.
struct GroupValues {
    std::size_t rows = 0;
    /// Columns a power of two apart would all want the same few places of the first cache.
    static constexpr std::size_t kApart = 8;
    std::array<std::array<std::uint64_t, kGroupRows + kApart>, kColumns> values{};
    std::vector<std::byte> extras;
};

/// A group of a segment of version 1: for each column that is not constant 12 bytes (base, width, exceptions, offset), then the
/// packed columns with their exceptions, then the extras, then `kPackedSlack` zeros; a column is its least value and the
/// distances from it, the few wide ones apart (Zukowski, Héman, Nes, Boncz, ICDE 2006: PFOR). Every access is checked against its bytes.
class GroupView {
public:
    /// Nothing when the bytes are no group of `rows` rows with these columns.
    [[nodiscard]] static std::optional<GroupView> open(std::span<const std::byte> bytes, std::size_t rows, const ColumnShapes& shapes);

    /// The value of `column` in row `row` (below `rows()`).
    [[nodiscard]] std::uint64_t value(Column column, std::size_t row) const {
        const auto c = static_cast<std::size_t>(column);
        const ColumnShape& shape = (*shapes_)[c];
        if (place_[c] == kNoPlace) { return shape.min; }
        return shape.min + shape.scale * packed(bytes_.data() + place_[c], row);
    }
    /// All values of a column, `rows()` of them.
    void values(Column column, std::span<std::uint64_t, kGroupRows> out) const;
    /// A bound of the column's values from below and above, from its header alone.
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> zone(Column column) const;
    [[nodiscard]] std::size_t rows() const { return rows_; }
    /// The extras of all rows.
    [[nodiscard]] std::span<const std::byte> extras() const { return extras_; }

private:
    static constexpr std::uint16_t kNoPlace = 0xffff;
    static constexpr std::size_t kEntry = 12;

    [[nodiscard]] std::uint64_t packed(const std::byte* entry, std::size_t row) const {
        const auto width = std::to_integer<unsigned>(entry[8]);
        const auto exceptions = std::to_integer<unsigned>(entry[9]);
        const std::byte* array = bytes_.data() + load_little<std::uint16_t>(entry + 10);
        const std::uint64_t base = load_little<std::uint64_t>(entry);
        if (exceptions != 0) {
            const std::byte* places = array + packed_bytes(rows_, width) + 1;
            if (const void* hit = std::memchr(places, static_cast<int>(row), exceptions)) {
                const auto k = static_cast<std::size_t>(static_cast<const std::byte*>(hit) - places);
                const unsigned size = std::to_integer<unsigned>(places[-1]);
                return base + (unpack_at(places + exceptions, k, size * 8));
            }
        }
        return base + unpack_at(array, row, width);
    }

    std::span<const std::byte> bytes_;
    std::span<const std::byte> extras_;
    const ColumnShapes* shapes_ = nullptr;
    std::size_t rows_ = 0;
    std::array<std::uint16_t, kColumns> place_{};  ///< Where the column's entry is, or `kNoPlace`.
};

}  // namespace hw::flow::store
