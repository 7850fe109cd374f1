#include "flow/store/records.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>

using namespace hw::flow::store;

TEST_CASE("packed bits: every width gives back what was put in") {
    std::mt19937_64 random(1);
    for (unsigned width = 0; width <= 64; ++width) {
        std::vector<std::uint64_t> values(1 + random() % 300);
        for (auto& v : values) { v = width == 0 ? 0 : random() >> (64 - width); }
        std::vector<std::byte> bytes;
        append_packed(bytes, values, width);
        CHECK(bytes.size() == packed_bytes(values.size(), width));
        bytes.resize(bytes.size() + kPackedSlack);
        bool same = true;
        for (std::size_t i = 0; i < values.size(); ++i) { same = same && unpack_at(bytes.data(), i, width) == values[i]; }
        CHECK(same);
    }
}

TEST_CASE("varint: every size comes back; a cut or over-long one is refused") {
    for (unsigned shift = 0; shift < 64; ++shift) {
        const std::uint64_t value = ~std::uint64_t{0} >> shift;
        std::vector<std::byte> bytes;
        append_varint(bytes, value);
        std::uint64_t read = 0;
        std::span<const std::byte> rest(bytes);
        CHECK(take_varint(rest, read));
        CHECK(read == value);
        CHECK(rest.empty());
        std::span<const std::byte> cut = std::span(bytes).first(bytes.size() - 1);
        CHECK_FALSE(take_varint(cut, read));
    }
    const std::vector<std::byte> endless(20, std::byte{0x80});
    std::span<const std::byte> rest(endless);
    std::uint64_t read = 0;
    CHECK_FALSE(take_varint(rest, read));
    CHECK(unzigzag(zigzag(-5)) == -5);
}

TEST_CASE("records: every column comes back, constant ones cost nothing, outliers do not widen the rest") {
    std::mt19937_64 random(2);
    for (const std::size_t rows : {std::size_t{1}, std::size_t{77}, kGroupRows}) {
        const auto group = std::make_unique<GroupValues>();
        group->rows = rows;
        group->extras = {std::byte{1}, std::byte{2}};
        ColumnShapes shapes;
        for (std::size_t c = 0; c < kColumns; ++c) {
            const bool constant = c % 5 == 4;
            const unsigned shift = static_cast<unsigned>(random() % 64);
            const std::uint64_t scale = c == 1 ? 1000 : 1;
            std::uint64_t low = ~std::uint64_t{0};
            std::uint64_t high = 0;
            for (std::size_t i = 0; i < rows; ++i) {
                std::uint64_t& v = group->values[c][i];
                v = constant ? 7 : c == 1 ? (random() % 100) * 1000 : random() % 50 == 0 ? random() : random() >> shift;
                low = std::min(low, v);
                high = std::max(high, v);
            }
            shapes[c] = {.min = low, .max = constant || low != high ? high : low, .scale = scale};
        }
        const RecordLayout layout(shapes);
        std::vector<std::byte> bytes;
        const std::uint32_t stride = write_records(bytes, *group, layout);
        const auto view = RecordView::open(bytes, rows, stride, layout);
        REQUIRE(view);
        CHECK(view->sound());
        bool same = true;
        for (std::size_t c = 0; c < kColumns; ++c) {
            const auto column = view->column(static_cast<Column>(c));
            for (std::size_t i = 0; i < rows; ++i) { same = same && view->value(static_cast<Column>(c), i) == group->values[c][i] && column(i) == group->values[c][i]; }
        }
        CHECK(same);
        CHECK(std::ranges::equal(view->extras(), group->extras));
        for (std::size_t cut = 0; cut < bytes.size(); cut += 7) {  // whatever the bytes are, nothing is read outside them
            const auto part = RecordView::open(std::span(bytes).first(cut), rows, stride, layout);
            if (!part) { continue; }
            (void)part->sound();
            (void)part->extras();
            for (std::size_t c = 0; c < kColumns; ++c) { (void)part->value(static_cast<Column>(c), rows - 1); }
        }
    }
}
