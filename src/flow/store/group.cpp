#include "flow/store/group.hpp"

#include <algorithm>
#include <utility>

namespace hw::flow::store {
namespace {
namespace group_detail {

/// How wide the packed values are, and how wide the exceptions' (bytes).
struct Widths {
    unsigned width = 0;
    unsigned exception_bytes = 0;
    std::size_t exceptions = 0;
};

/// The widths that take the fewest bytes.
Widths best_widths(std::span<const std::uint64_t> distances) {
    std::array<std::size_t, 65> having{};
    for (const std::uint64_t d : distances) { ++having[bits_of(d)]; }
    unsigned widest = 64;
    while (widest > 0 && having[widest] == 0) { --widest; }
    Widths best{.width = widest};
    std::size_t fewest = packed_bytes(distances.size(), widest);
    const unsigned size = (widest + 7) / 8;
    std::size_t above = 0;
    for (unsigned width = widest; width-- > 0;) {
        above += having[width + 1];
        if (above > 255) { break; }
        const std::size_t bytes = packed_bytes(distances.size(), width) + 1 + above * (1 + size);
        if (bytes < fewest) {
            fewest = bytes;
            best = {.width = width, .exception_bytes = size, .exceptions = above};
        }
    }
    return best;
}

}  // namespace group_detail
}  // namespace

void encode_group(std::vector<std::byte>& out, const GroupValues& group, const ColumnShapes& shapes) {
    using namespace group_detail;
    const std::size_t start = out.size();
    std::size_t entry = start;
    const auto held = static_cast<std::size_t>(std::ranges::count_if(shapes, [](const ColumnShape& s) { return !s.constant(); }));
    out.resize(start + held * 12);
    std::array<std::uint64_t, kGroupRows> numbers{};
    for (std::size_t c = 0; c < kColumns; ++c) {
        const ColumnShape& shape = shapes[c];
        if (shape.constant()) { continue; }
        const auto all = std::span(numbers).first(group.rows);
        std::uint64_t base = ~std::uint64_t{0};
        for (std::size_t i = 0; i < group.rows; ++i) {
            const std::uint64_t distance = group.values[c][i] - shape.min;
            all[i] = shape.scale == 1 ? distance : distance / shape.scale;
            base = std::min(base, all[i]);
        }
        for (std::uint64_t& n : all) { n -= base; }
        const Widths widths = best_widths(all);
        const std::size_t offset = out.size() - start;
        std::vector<std::byte> head;
        head.reserve(12);
        append_little(head, base);
        head.push_back(static_cast<std::byte>(widths.width));
        head.push_back(static_cast<std::byte>(widths.exceptions));
        append_little(head, static_cast<std::uint16_t>(offset));
        std::ranges::copy(head, out.begin() + static_cast<std::ptrdiff_t>(entry));
        entry += 12;
        if (widths.exceptions == 0) {
            append_packed(out, all, widths.width);
            continue;
        }
        std::vector<std::byte> places;
        std::vector<std::uint64_t> wide;
        places.reserve(widths.exceptions);
        wide.reserve(widths.exceptions);
        for (std::size_t i = 0; i < group.rows; ++i) {
            if (bits_of(all[i]) <= widths.width) { continue; }
            places.push_back(static_cast<std::byte>(i));
            wide.push_back(std::exchange(all[i], 0));
        }
        append_packed(out, all, widths.width);
        out.push_back(static_cast<std::byte>(widths.exception_bytes));
        out.insert(out.end(), places.begin(), places.end());
        append_packed(out, wide, widths.exception_bytes * 8);
    }
    out.insert(out.end(), group.extras.begin(), group.extras.end());
    out.resize(out.size() + kPackedSlack);
}

std::optional<GroupView> GroupView::open(std::span<const std::byte> bytes, std::size_t rows, const ColumnShapes& shapes) {
    if (rows == 0 || rows > kGroupRows || bytes.size() < kPackedSlack) { return std::nullopt; }
    const std::size_t end = bytes.size() - kPackedSlack;
    GroupView view;
    view.bytes_ = bytes;
    view.rows_ = rows;
    view.shapes_ = &shapes;
    std::size_t entry = 0;
    std::size_t columns_end = 0;
    for (std::size_t c = 0; c < kColumns; ++c) {
        view.place_[c] = kNoPlace;
        if (shapes[c].constant()) { continue; }
        if (entry + kEntry > end) { return std::nullopt; }
        const std::byte* at = bytes.data() + entry;
        const auto width = std::to_integer<unsigned>(at[8]);
        const auto exceptions = std::to_integer<std::size_t>(at[9]);
        if (width > 64) { return std::nullopt; }
        std::size_t last = load_little<std::uint16_t>(at + 10) + packed_bytes(rows, width);
        if (last > end) { return std::nullopt; }
        if (exceptions != 0) {
            const auto size = std::to_integer<std::size_t>(bytes[last]);
            if (last == end || size > 8) { return std::nullopt; }
            last += 1 + exceptions * (1 + size);
            if (last > end) { return std::nullopt; }
        }
        view.place_[c] = static_cast<std::uint16_t>(entry);
        entry += kEntry;
        columns_end = std::max(columns_end, last);
    }
    columns_end = std::max(columns_end, entry);
    view.extras_ = bytes.subspan(columns_end, end - columns_end);
    return view;
}

void GroupView::values(Column column, std::span<std::uint64_t, kGroupRows> out) const {
    const auto c = static_cast<std::size_t>(column);
    const ColumnShape& shape = (*shapes_)[c];
    const auto all = out.first(rows_);
    if (place_[c] == kNoPlace) {
        std::ranges::fill(all, shape.min);
        return;
    }
    const std::byte* entry = bytes_.data() + place_[c];
    const auto width = std::to_integer<unsigned>(entry[8]);
    const auto exceptions = std::to_integer<std::size_t>(entry[9]);
    const std::byte* array = bytes_.data() + load_little<std::uint16_t>(entry + 10);
    const std::uint64_t least = shape.min + shape.scale * load_little<std::uint64_t>(entry);
    for (std::size_t i = 0; i < rows_; ++i) { all[i] = least + shape.scale * unpack_at(array, i, width); }
    if (exceptions == 0) { return; }
    const std::byte* places = array + packed_bytes(rows_, width) + 1;
    const auto size = std::to_integer<unsigned>(places[-1]);
    for (std::size_t k = 0; k < exceptions; ++k) {
        const auto at = std::to_integer<std::size_t>(places[k]);
        if (at < rows_) { all[at] = least + shape.scale * unpack_at(places + exceptions, k, size * 8); }
    }
}

std::pair<std::uint64_t, std::uint64_t> GroupView::zone(Column column) const {
    const auto c = static_cast<std::size_t>(column);
    const ColumnShape& shape = (*shapes_)[c];
    if (place_[c] == kNoPlace) { return {shape.min, shape.min}; }
    const std::byte* entry = bytes_.data() + place_[c];
    const std::uint64_t least = shape.min + shape.scale * load_little<std::uint64_t>(entry);
    const auto width = std::to_integer<unsigned>(entry[8]);
    if (std::to_integer<unsigned>(entry[9]) != 0 || width + bits_of(shape.scale) > 62) { return {least, shape.max}; }
    return {least, std::min(shape.max, least + shape.scale * ((std::uint64_t{1} << width) - 1))};
}

}  // namespace hw::flow::store
