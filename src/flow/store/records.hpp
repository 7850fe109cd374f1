#pragma once

#include "flow/store/group.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::store {

/// What the columns of a segment (version 2) say of its groups: which are held, and in which order a record has them.
struct RecordLayout {
    static constexpr std::uint8_t kNotHeld = 0xff;
    RecordLayout() = default;
    explicit RecordLayout(const ColumnShapes& of);
    ColumnShapes shapes{};
    std::array<std::uint8_t, kColumns> slot{};  ///< Place of the column among those held.
    std::size_t held = 0;
};

/// The order of a record: what every look-up reads comes first, so that it lies in as few cache lines as can be.
inline constexpr std::array<Column, kColumns> kRecordOrder{
    Column::first,         Column::duration,        Column::request_packets, Column::request_bytes, Column::reply_packets, Column::reply_bytes,
    Column::server,        Column::client,          Column::client_port,     Column::server_port,   Column::kind,          Column::request_marks,
    Column::reply_marks,   Column::request_payload, Column::reply_payload,   Column::sampling,      Column::extra,         Column::id};

/// Bytes before a group's records: of each column held its least value, width, whether it has exceptions, and first bit.
inline constexpr std::size_t kRecordHeader = 12;

/// Appends a group of version 2: the headers, then a record a row, all of one number of bits, then the exceptions (how many,
/// 2 bytes; bytes a value, 1; for each row, column and value, ordered by column and row), then the extras, then
/// `kPackedSlack` zeros. Returns the bits of a record. All columns of a row lie together: one row is one place to read.
///
/// A column is its least value and the distances from it in as many bits as suit most; where a few need more, all ones
/// says that the value is among the exceptions.
std::uint32_t write_records(std::vector<std::byte>& out, const GroupValues& group, const RecordLayout& layout);

/// A group of version 2 as it lies in a segment; every access is checked against its bytes.
class RecordView {
public:
    /// Nothing when the bytes cannot hold `rows` records of `stride` bits.
    [[nodiscard]] static std::optional<RecordView> open(std::span<const std::byte> bytes, std::size_t rows, std::uint32_t stride, const RecordLayout& layout) {
        RecordView view;
        return view.reopen(bytes, rows, stride, layout) ? std::optional(view) : std::nullopt;
    }
    /// The same in place, for who goes through many groups; false, and this view is of no use, where there would be nothing.
    [[nodiscard]] bool reopen(std::span<const std::byte> bytes, std::size_t rows, std::uint32_t stride, const RecordLayout& layout) {
        const std::size_t begin = layout.held * kRecordHeader;
        const std::size_t records = (rows * stride + 7) / 8;
        if (rows == 0 || rows > kGroupRows || begin + records + 3 + kPackedSlack > bytes.size()) { return false; }
        bytes_ = bytes;
        layout_ = &layout;
        rows_ = rows;
        stride_ = stride;
        begin_ = begin;
        return true;
    }
    RecordView() = default;

    /// One column, made ready for many rows.
    class Picker {
    public:
        [[nodiscard]] std::uint64_t operator()(std::size_t row) const {
            if (width_ == 0) { return least_; }
            const std::uint64_t n = bits_at(records_, row * stride_ + offset_, width_);
            if (n == escape_ && escapes_) { return least_ + scale_ * view_->exception(column_, row); }
            return least_ + scale_ * n;
        }

    private:
        friend class RecordView;
        const std::byte* records_ = nullptr;
        const RecordView* view_ = nullptr;
        std::uint64_t least_ = 0;
        std::uint64_t scale_ = 1;
        std::uint64_t escape_ = 0;
        bool escapes_ = false;
        std::uint32_t stride_ = 0;
        std::uint32_t offset_ = 0;
        unsigned width_ = 0;
        Column column_{};
    };
    /// Valid as long as this view. A column whose header is nonsense reads as its least value; `sound()` tells.
    [[nodiscard]] [[gnu::always_inline]] inline Picker column(Column column) const {
        const auto c = static_cast<std::size_t>(column);
        Picker pick;
        pick.least_ = layout_->shapes[c].min;
        const std::size_t slot = layout_->slot[c];
        if (slot == RecordLayout::kNotHeld) { return pick; }
        const std::byte* head = bytes_.data() + slot * kRecordHeader;
        pick.scale_ = layout_->shapes[c].scale;
        pick.least_ += pick.scale_ * load_little<std::uint64_t>(head);
        const auto width = std::to_integer<unsigned>(head[8]);
        pick.offset_ = load_little<std::uint16_t>(head + 10);
        if (width > 64 || pick.offset_ + width > stride_) { return pick; }
        pick.width_ = width;
        pick.escape_ = width == 0 ? 0 : ~std::uint64_t{0} >> (64 - width);
        pick.escapes_ = head[9] != std::byte{0};
        pick.records_ = bytes_.data() + begin_;
        pick.view_ = this;
        pick.stride_ = stride_;
        pick.column_ = column;
        return pick;
    }
    [[nodiscard]] std::uint64_t value(Column c, std::size_t row) const { return column(c)(row); }
    [[nodiscard]] std::size_t rows() const { return rows_; }
    /// The extras of all rows.
    [[nodiscard]] std::span<const std::byte> extras() const;
    /// Whether every header and exception is as `write_records` writes them.
    [[nodiscard]] bool sound() const;

private:
    struct Exceptions {
        const std::byte* at = nullptr;
        std::size_t count = 0;
        std::size_t size = 4;
    };
    [[nodiscard]] std::optional<Exceptions> exceptions() const;
    [[nodiscard]] std::uint64_t exception(Column column, std::size_t row) const;

    std::span<const std::byte> bytes_;
    const RecordLayout* layout_ = nullptr;
    std::size_t rows_ = 0;
    std::size_t begin_ = 0;
    std::uint32_t stride_ = 0;
};

}  // namespace hw::flow::store
