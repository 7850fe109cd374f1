#include "base/json.hpp"

#include "base/parse.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    hw::append_json_string(out, text);
    return out;
}

}  // namespace

TEST_CASE("json: strings are escaped so that every byte of them is harmless") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
    CHECK(quoted("\n\r\t\b\x1f\x7f") == "\"\\n\\r\\t\\u0008\\u001f\\u007f\"");
    CHECK(quoted(std::string_view("\0", 1)) == "\"\\u0000\"");
    CHECK(quoted("日本 ü 🚰") == "\"日本 ü 🚰\"");
    CHECK(quoted("\xe2\x80\xa8\xc2\x9b") == "\"\\u2028\\u009b\"");
    CHECK(quoted("a\xff\xe2\x82z") == "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST_CASE("json: numbers are short and plain") {
    CHECK(hw::json_number(0.25) == "0.25");
    CHECK(hw::json_number(1e-7) == "1e-07");
    CHECK(hw::json_number(0.0001) == "0.0001");
    CHECK(hw::json_number(100000) == "100000");
    CHECK(hw::json_number(1e16) == "10000000000000000");
    CHECK(hw::json_number(1e17) == "1e+17");
    CHECK(hw::json_number(-12.5) == "-12.5");
    CHECK(hw::json_number(0.1 + 0.2) == "0.30000000000000004");
    CHECK(hw::json_number(-0.0) == "0");
    CHECK(hw::json_number(std::nan("")) == "null");
    CHECK(hw::json_number(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("json: a double reads back as the same double, over all magnitudes") {
    // Every exponent with a few mantissas, both signs.
    for (std::uint64_t exponent = 0; exponent < 2047; ++exponent) {
        for (const std::uint64_t mantissa : {0ULL, 1ULL, 0x8'0000'0000'0000ULL, 0x5'5555'5555'5555ULL, 0xf'ffff'ffff'ffffULL}) {
            const auto value = std::bit_cast<double>((exponent << 52U) | mantissa);
            REQUIRE(hw::parse_double(hw::json_number(value)) == value);
            REQUIRE(hw::parse_double(hw::json_number(-value)) == -value);
        }
    }
}

TEST_CASE("json: without indentation there is not a blank") {
    std::string out;
    hw::JsonWriter json(out);
    json.begin_object().member("schema", "headwater.trace/1").member("n", 3).member("big", std::numeric_limits<std::uint64_t>::max());
    json.member("small", std::numeric_limits<std::int64_t>::min()).member("p", 0.5).member("yes", true).key("none").null();
    json.member("maybe", std::optional<int>()).member("surely", std::optional<int>(7));
    json.key("list").begin_array().value(1).value("two").begin_object().end_object().begin_array().end_array().end_array();
    CHECK_FALSE(json.complete());
    json.end_object();
    CHECK(json.complete());
    CHECK(out == R"({"schema":"headwater.trace/1","n":3,"big":18446744073709551615,"small":-9223372036854775808,"p":0.5,"yes":true,)"
                 R"("none":null,"maybe":null,"surely":7,"list":[1,"two",{},[]]})");
}

TEST_CASE("json: with indentation there is one value a line, and empty containers stay closed") {
    std::string out;
    hw::JsonWriter json(out, 2);
    json.begin_object().key("a").begin_array().value(1).value(2).end_array().key("b").begin_object().end_object().end_object();
    CHECK(out == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST_CASE("json: a text may be one plain value") {
    std::string out;
    hw::JsonWriter json(out);
    json.value("only");
    CHECK(json.complete());
    CHECK(out == "\"only\"");
}
