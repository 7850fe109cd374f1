#include "base/byte_cursor.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

namespace {

std::vector<std::byte> rising(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) { bytes[i] = static_cast<std::byte>(i + 1); }
    return bytes;
}

}  // namespace

TEST_CASE("byte cursor: integers come in either byte order") {
    const auto bytes = rising(15);
    hw::ByteCursor big(bytes);
    CHECK(big.u8() == 0x01);
    CHECK(big.be16() == 0x0203);
    CHECK(big.be32() == 0x04050607U);
    CHECK(big.be64() == 0x08090a0b0c0d0e0fULL);
    CHECK(big.empty());

    hw::ByteCursor little(bytes);
    CHECK(little.u16(std::endian::little) == 0x0201);
    CHECK(little.u32(std::endian::little) == 0x06050403U);
    CHECK(little.u64(std::endian::little) == 0x0e0d0c0b0a090807ULL);
    CHECK(little.u16(std::endian::big) == std::nullopt);
    CHECK(little.offset() == 14);
}

TEST_CASE("byte cursor: a read that does not fit gives nothing and does not move, whatever the size of the rest") {
    for (std::size_t size = 0; size <= 9; ++size) {
        const auto bytes = rising(size);
        hw::ByteCursor cursor(bytes);
        CHECK(cursor.u8().has_value() == (size >= 1));
        cursor = hw::ByteCursor(bytes);
        CHECK(cursor.be16().has_value() == (size >= 2));
        cursor = hw::ByteCursor(bytes);
        CHECK(cursor.u32(std::endian::little).has_value() == (size >= 4));
        cursor = hw::ByteCursor(bytes);
        CHECK(cursor.be64().has_value() == (size >= 8));
        CHECK(cursor.offset() == (size >= 8 ? 8 : 0));
        cursor = hw::ByteCursor(bytes);
        CHECK_FALSE(cursor.take(size + 1).has_value());
        CHECK_FALSE(cursor.skip(SIZE_MAX));
        CHECK(cursor.offset() == 0);
        CHECK(cursor.take(size)->size() == size);
        CHECK(cursor.rest().empty());
    }
}
