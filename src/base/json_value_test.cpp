#include "base/json_value.hpp"

#include <bit>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

using namespace hw;

namespace {
JsonValue read(std::string_view text) { return parse_json(text, "text").value(); }
}  // namespace

TEST_CASE("json_value: what is read is found, and nothing where it is not") {
    const JsonValue value = read(R"({"a":"x","b":[1,"y",null,"z"],"c":{"d":true},"n":-2.5})");
    CHECK(value.text("a") == "x");
    CHECK(value.number("n") == -2.5);
    CHECK(value.texts("b") == std::vector<std::string>{"y", "z"});
    REQUIRE(value.find("c") != nullptr);
    CHECK(*value.find("c")->find("d")->as_bool());
    CHECK(value.find("e") == nullptr);
    CHECK_FALSE(value.text("n").has_value());
    CHECK(value.find("a")->find("a") == nullptr);
}

TEST_CASE("json_value: what is no JSON, or stands twice, or is too deep or too long, is refused") {
    CHECK(parse_json("{", "f").error().code == Errc::malformed);
    CHECK(parse_json("", "f").error().code == Errc::malformed);
    CHECK(parse_json(std::string_view{}, "f").error().code == Errc::malformed);
    CHECK(parse_json("{} {}", "f").error().code == Errc::malformed);
    CHECK(parse_json("1e999", "f").error().code == Errc::malformed);
    CHECK(parse_json("\"\xff\"", "f").error().code == Errc::malformed);
    CHECK(parse_json(R"({"a":1,"b":2,"a":3})", "f").error().message == "a JSON object has the member \"a\" twice");
    CHECK(parse_json(std::string(70, '[') + std::string(70, ']'), "f").error().code == Errc::limit);
    CHECK(parse_json(std::string(64, '[') + std::string(64, ']'), "f").has_value());
    CHECK(parse_json("[1,2,3]", "f", {.bytes = 6}).error().code == Errc::limit);
    CHECK(parse_json("[1]", "f").has_value());
    CHECK(parse_json("[1", "f").error().where == "f");
}

TEST_CASE("json_value: members are set in their place and taken away") {
    JsonValue value;
    value.set("b", 1).set("a", "x").set("b", 2);
    CHECK(canonical_json(value) == R"({"a":"x","b":2})");
    CHECK(value.as_object()->front().name == "b");
    value.erase("b");
    value.erase("none");
    CHECK(canonical_json(value) == R"({"a":"x"})");
}

TEST_CASE("canonical_json: the example of RFC 8785, section 3.2.2") {
    const JsonValue value = read(R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],)"
                                 R"("string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})");
    CHECK(canonical_json(value) == "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
                                   "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("canonical_json: names stand in the order of UTF-16, RFC 8785, section 3.2.3") {
    const JsonValue value = read(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
                                 R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})");
    const std::string out = canonical_json(value);
    std::size_t last = 0;
    for (const char* name : {"Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"}) {
        const auto at = out.find(name);
        CHECK(at != std::string::npos);
        CHECK(at > last);
        last = at;
    }
}

TEST_CASE("canonical_json: the numbers of RFC 8785, appendix B") {
    const auto of = [](std::uint64_t bits) { return canonical_json(JsonValue(std::bit_cast<double>(bits))); };
    CHECK(of(0x0000000000000000) == "0");
    CHECK(of(0x8000000000000000) == "0");
    CHECK(of(0x0000000000000001) == "5e-324");
    CHECK(of(0x8000000000000001) == "-5e-324");
    CHECK(of(0x7fefffffffffffff) == "1.7976931348623157e+308");
    CHECK(of(0x4340000000000000) == "9007199254740992");
    CHECK(of(0xc340000000000000) == "-9007199254740992");
    CHECK(of(0x4430000000000000) == "295147905179352830000");
    CHECK(of(0x44b52d02c7e14af5) == "9.999999999999997e+22");
    CHECK(of(0x44b52d02c7e14af6) == "1e+23");
    CHECK(of(0x44b52d02c7e14af7) == "1.0000000000000001e+23");
    CHECK(of(0x444b1ae4d6e2ef4e) == "999999999999999700000");
    CHECK(of(0x444b1ae4d6e2ef4f) == "999999999999999900000");
    CHECK(of(0x444b1ae4d6e2ef50) == "1e+21");
    CHECK(of(0x3eb0c6f7a0b5ed8c) == "9.999999999999997e-7");
    CHECK(of(0x3eb0c6f7a0b5ed8d) == "0.000001");
    CHECK(of(0x41b3de4355555553) == "333333333.3333332");
    CHECK(of(0x41b3de4355555557) == "333333333.33333343");
    CHECK(of(0xbecbf647612f3696) == "-0.0000033333333333333333");
    CHECK(of(0x43143ff3c1cb0959) == "1424953923781206.2");
    CHECK(canonical_json(JsonValue(std::numeric_limits<double>::infinity())) == "null");
}

TEST_CASE("canonical_json: what was written is read back as it was, and is then written alike") {
    const JsonValue value = read(R"({"z":[{},[],"",0.1,{"k":"\u0001\ud83d\ude00"}],"a":-1e-9})");
    const std::string once = canonical_json(value);
    CHECK(canonical_json(read(once)) == once);
}
