#include "flow/store/records.hpp"

namespace hw::flow::store {
namespace {
namespace records_detail {

struct Width {
    unsigned bits = 0;
    bool escapes = false;
};

/// The width that takes the fewest bits, exceptions included.
Width best_width(std::span<const std::uint64_t> distances, std::uint64_t greatest) {
    std::array<std::uint32_t, 65> having{};  // by the width that holds the value below the escape
    for (const std::uint64_t d : distances) { ++having[bits_of(d + (d == ~std::uint64_t{0} ? 0 : 1))]; }
    const std::size_t each = greatest > 0xffff'ffffU ? 80 : 48;
    Width best{.bits = bits_of(greatest)};
    std::size_t fewest = distances.size() * best.bits;
    std::size_t above = 0;
    for (unsigned bits = 64; bits-- > 1;) {
        above += having[bits + 1];
        const std::size_t cost = distances.size() * bits + above * each;
        if (cost < fewest) {
            fewest = cost;
            best = {.bits = bits, .escapes = true};
        }
    }
    return best;
}

struct Exception {
    std::uint16_t key = 0;  ///< Column, then row.
    std::uint64_t value = 0;
};

void set_little(std::byte* at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) { at[i] = static_cast<std::byte>(value >> (8 * i)); }
}

std::uint16_t key_of(Column column, std::size_t row) { return static_cast<std::uint16_t>(static_cast<std::size_t>(column) << 8U | row); }

}  // namespace records_detail
}  // namespace

RecordLayout::RecordLayout(const ColumnShapes& of) : shapes(of) {
    slot.fill(kNotHeld);
    for (const Column column : kRecordOrder) {
        const auto c = static_cast<std::size_t>(column);
        if (!shapes[c].constant()) { slot[c] = static_cast<std::uint8_t>(held++); }
    }
}

std::uint32_t write_records(std::vector<std::byte>& out, const GroupValues& group, const RecordLayout& layout) {
    using namespace records_detail;
    struct Held {
        Column column;
        std::uint64_t base;
        Width width;
        std::uint32_t offset;
    };
    std::array<Held, kColumns> held{};
    std::array<std::array<std::uint64_t, kGroupRows>, kColumns> numbers;  // NOLINT(cppcoreguidelines-pro-type-member-init): set below
    std::uint32_t stride = 0;
    std::size_t count = 0;
    for (const Column column : kRecordOrder) {
        const auto c = static_cast<std::size_t>(column);
        if (layout.slot[c] == RecordLayout::kNotHeld) { continue; }
        const ColumnShape& shape = layout.shapes[c];
        const auto all = std::span(numbers[count]).first(group.rows);
        std::uint64_t base = ~std::uint64_t{0};
        std::uint64_t top = 0;
        const ExactDivision by(shape.scale);  // each distance is a multiple
        for (std::size_t i = 0; i < group.rows; ++i) {
            all[i] = by(group.values[c][i] - shape.min);
            base = std::min(base, all[i]);
            top = std::max(top, all[i]);
        }
        for (std::uint64_t& n : all) { n -= base; }
        const Width width = best_width(all, top - base);
        held[count++] = {.column = column, .base = base, .width = width, .offset = stride};
        stride += width.bits;
    }
    const std::size_t start = out.size();
    const std::size_t records = start + count * kRecordHeader;
    const std::size_t end = records + (group.rows * stride + 7) / 8;
    out.resize(end + kPackedSlack);
    std::vector<Exception> exceptions;
    std::uint64_t widest = 0;
    for (std::size_t h = 0; h < count; ++h) {
        const Held& column = held[h];
        std::byte* head = out.data() + start + h * kRecordHeader;
        set_little(head, column.base, 8);
        head[8] = static_cast<std::byte>(column.width.bits);
        head[9] = static_cast<std::byte>(column.width.escapes);
        set_little(head + 10, column.offset, 2);
        const unsigned bits = column.width.bits;
        if (bits == 0) { continue; }
        const std::uint64_t escape = ~std::uint64_t{0} >> (64 - bits);
        std::byte* to = out.data() + records;
        for (std::size_t i = 0; i < group.rows; ++i) {
            std::uint64_t n = numbers[h][i];
            if (column.width.escapes && n >= escape) {
                exceptions.push_back({.key = key_of(column.column, i), .value = n});
                widest = std::max(widest, n);
                n = escape;
            }
            put_bits(to, i * stride + column.offset, bits, n);
        }
    }
    out.resize(end);
    std::ranges::sort(exceptions, {}, &Exception::key);
    const std::size_t size = widest > 0xffff'ffffU ? 8 : 4;
    append_little(out, static_cast<std::uint16_t>(exceptions.size()));
    out.push_back(static_cast<std::byte>(size));
    for (const Exception& e : exceptions) {
        append_little(out, e.key);
        if (size == 8) { append_little(out, e.value); }
        else { append_little(out, static_cast<std::uint32_t>(e.value)); }
    }
    out.insert(out.end(), group.extras.begin(), group.extras.end());
    out.resize(out.size() + kPackedSlack);
    return stride;
}

std::optional<RecordView::Exceptions> RecordView::exceptions() const {
    const std::size_t begin = begin_ + (rows_ * stride_ + 7) / 8;  // `open` has checked that three bytes and the slack follow
    Exceptions found;
    found.count = load_little<std::uint16_t>(bytes_.data() + begin);
    found.size = std::to_integer<std::size_t>(bytes_[begin + 2]);
    found.at = bytes_.data() + begin + 3;
    if ((found.size != 4 && found.size != 8) || begin + 3 + found.count * (2 + found.size) + kPackedSlack > bytes_.size()) { return std::nullopt; }
    return found;
}

std::uint64_t RecordView::exception(Column column, std::size_t row) const {
    const auto all = exceptions();
    if (!all) { return 0; }
    const std::uint16_t key = records_detail::key_of(column, row);
    const std::size_t each = 2 + all->size;
    std::size_t low = 0;
    for (std::size_t high = all->count; low < high;) {
        const std::size_t middle = low + (high - low) / 2;
        if (load_little<std::uint16_t>(all->at + middle * each) < key) { low = middle + 1; }
        else { high = middle; }
    }
    if (low == all->count || load_little<std::uint16_t>(all->at + low * each) != key) { return 0; }
    const std::byte* value = all->at + low * each + 2;
    return all->size == 8 ? load_little<std::uint64_t>(value) : load_little<std::uint32_t>(value);
}

std::span<const std::byte> RecordView::extras() const {
    const auto all = exceptions();
    if (!all) { return {}; }
    const auto begin = static_cast<std::size_t>(all->at - bytes_.data()) + all->count * (2 + all->size);
    return bytes_.subspan(begin, bytes_.size() - kPackedSlack - begin);
}

bool RecordView::sound() const {
    for (std::size_t slot = 0; slot < layout_->held; ++slot) {
        const std::byte* head = bytes_.data() + slot * kRecordHeader;
        const auto width = std::to_integer<unsigned>(head[8]);
        if (width > 64 || load_little<std::uint16_t>(head + 10) + width > stride_) { return false; }
    }
    return exceptions().has_value();
}

}  // namespace hw::flow::store
