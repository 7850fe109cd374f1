#include "base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

/// Unicode 15, table 3-6.
std::string encode(char32_t code) {
    const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
    if (code < 0x80) { return {static_cast<char>(code)}; }
    if (code < 0x800) { return {static_cast<char>(0xc0U | (code >> 6U)), tail(0)}; }
    if (code < 0x10000) { return {static_cast<char>(0xe0U | (code >> 12U)), tail(6), tail(0)}; }
    return {static_cast<char>(0xf0U | (code >> 18U)), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("utf8: every scalar value reads back, every surrogate is refused") {
    for (char32_t code = 0; code <= 0x10ffff; ++code) {
        const std::string text = encode(code) + "x";
        const auto read = hw::next_utf8(text);
        const bool surrogate = code >= 0xd800 && code <= 0xdfff;
        REQUIRE(read.valid == !surrogate);
        if (!surrogate) {
            REQUIRE(read.code == code);
            REQUIRE(read.size == text.size() - 1);
        }
    }
}

TEST_CASE("utf8: no two-byte or three-byte text is read past its end or taken twice for the same value") {
    std::size_t valid_pairs = 0;
    std::size_t valid_triples = 0;
    for (unsigned a = 0x80; a < 0x100; ++a) {
        for (unsigned b = 0; b < 0x100; ++b) {
            const std::string pair = {static_cast<char>(a), static_cast<char>(b)};
            const auto read = hw::next_utf8(pair);
            REQUIRE(read.size >= 1);
            REQUIRE(read.size <= 2);
            if (read.valid) { ++valid_pairs; }
            for (unsigned c = 0x70; c < 0x100; ++c) {
                const auto triple = hw::next_utf8(pair + static_cast<char>(c));
                if (triple.size > 3) { FAIL("read past the end"); }
                if (triple.valid && triple.size == 3) { ++valid_triples; }
            }
        }
    }
    CHECK(valid_pairs == 0x800 - 0x80);
    CHECK(valid_triples == 0x10000 - 0x800 - 0x800);
}

TEST_CASE("utf8: a malformed sequence takes its maximal subpart") {
    CHECK(hw::next_utf8("\xe2\x82").size == 2);    // cut
    CHECK(hw::next_utf8("\xe2\x41").size == 1);    // broken off
    CHECK(hw::next_utf8("\xf0\x80\x80\x80").size == 1);  // over-long
    CHECK(hw::next_utf8("\xc0\xaf").size == 1);
    CHECK(hw::next_utf8("\xf4\x90\x80\x80").size == 1);  // past U+10FFFF
    CHECK(hw::next_utf8("\x80").code == hw::kReplacementCharacter);
}
