#include "base/log.hpp"

#include <doctest/doctest.h>

using hw::log::format_line;
using hw::log::Level;
using hw::log::Options;

TEST_CASE("log: a text line says level, message and fields") {
    CHECK(format_line({}, Level::warning, "skipped records", {{"path", "a.pcap"}, {"count", std::uint64_t{3}}, {"share", 0.25}}) ==
          "warning: skipped records path=a.pcap count=3 share=0.25");
    CHECK(format_line({}, Level::error, "no", {}, "2014-11-24T10:00:00.000000Z") == "2014-11-24T10:00:00.000000Z error: no");
}

TEST_CASE("log: text from outside stays inside its field and its line") {
    CHECK(format_line({}, Level::info, "read\nerror: forged", {{"path", "a b=\"c\"\n"}}) ==
          "info: read\\x0aerror: forged path=\"a b=\\\"c\\\"\\n\"");
    CHECK(format_line({}, Level::info, "m", {{"empty", ""}}) == "info: m empty=\"\"");
}

TEST_CASE("log: a JSON line is one object") {
    CHECK(format_line({.json = true}, Level::debug, "a \"b\"", {{"n", std::int64_t{-1}}}, "2014-11-24T10:00:00.000000Z") ==
          R"({"time":"2014-11-24T10:00:00.000000Z","level":"debug","message":"a \"b\"","n":-1})");
}

TEST_CASE("log: writing is harmless at any setting") {
    hw::log::configure({.level = Level::warning, .quiet = true});
    hw::log::warning("not to be seen");
    hw::log::info("not to be seen");
    hw::log::configure({});
}
