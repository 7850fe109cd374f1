#include "base/parse.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using hw::parse_double;
using hw::parse_integer;

TEST_CASE("parse: every 16-bit number reads back from its text, and nothing past it") {
    for (std::int32_t n = -70'000; n <= 70'000; ++n) {
        const std::string text = std::to_string(n);
        const auto as_unsigned = parse_integer<std::uint16_t>(text);
        const auto as_signed = parse_integer<std::int16_t>(text);
        REQUIRE(as_unsigned.has_value() == (n >= 0 && n <= 65'535));
        REQUIRE(as_signed.has_value() == (n >= -32'768 && n <= 32'767));
        if (as_unsigned) { REQUIRE(*as_unsigned == n); }
        if (as_signed) { REQUIRE(*as_signed == n); }
    }
}

TEST_CASE("parse: an integer fills the whole text") {
    for (const char* text : {"", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "-", "--1", "one", "1\n"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_integer<int>(text));
    }
    CHECK_FALSE(parse_integer<int>(std::string_view("1\0", 2)));
    CHECK_FALSE(parse_integer<unsigned>("-1"));
    CHECK(parse_integer<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    CHECK_FALSE(parse_integer<std::uint64_t>("18446744073709551616"));
    CHECK(parse_integer<std::uint8_t>("fF", 16) == 255);
    CHECK_FALSE(parse_integer<std::uint8_t>("100", 16));
}

TEST_CASE("parse: a double is finite, decimal and fills the whole text") {
    CHECK(parse_double("0.25") == 0.25);
    CHECK(parse_double("-1e-07") == -1e-7);
    CHECK(parse_double("1416823200.123456") == 1416823200.123456);
    for (const char* text : {"", " 1", "1 ", "+1", "inf", "-inf", "nan", "1e999", "0x1p3", "1,5", ".", "e5"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_double(text));
    }
}
