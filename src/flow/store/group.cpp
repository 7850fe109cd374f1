#include "flow/store/group.hpp"

#include <algorithm>

namespace hw::flow::store {
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
