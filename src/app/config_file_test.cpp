#include "app/config_file.hpp"

#include <doctest/doctest.h>

namespace app = hw::app;

TEST_CASE("config file: text, numbers, truth and lists are read with the line they stand on") {
    const auto file = app::parse_config("c", "seed = 7\nquiet = true\n[trace]\ncovers = [\"a=10.0.0.0/8\", \"192.0.2.0/24\"]\n");
    REQUIRE(file.has_value());
    REQUIRE(file->entries.size() == 3);
    CHECK(file->entries[0].values == std::vector<std::string>{"7"});
    CHECK(file->entries[1].values == std::vector<std::string>{"true"});
    CHECK(file->entries[2].verb == "trace");
    CHECK(file->entries[2].line == 4);
    CHECK(file->entries[2].values.size() == 2);
}

TEST_CASE("config file: what is unknown is refused with the nearest known and its line") {
    const auto key = app::parse_config("c", "sede = 7\n");
    CHECK(key.error().where == "c:1");
    CHECK(key.error().hint == "did you mean \"seed\"?");
    CHECK(app::parse_config("c", "[trce]\n").error().hint == "did you mean \"trace\"?");
    CHECK(app::parse_config("c", "victim = \"192.0.2.1\"\n").error().code == hw::Errc::usage);
    CHECK(app::parse_config("c", "[flows]\nmax_lag = \"6s\"\n").error().code == hw::Errc::usage);
}

TEST_CASE("config file: what is no TOML, or a value of no use, is an error and no crash") {
    for (const char* text : {"seed = ", "= 1", "[", "seed = 1.5", "seed = {a = 1}", "seed = [[1]]", "seed = 2014-11-24", "\xff\xfe"}) {
        CAPTURE(text);
        CHECK(app::parse_config("c", text).error().code == hw::Errc::usage);
    }
}

TEST_CASE("config file: tables of others are told by their columns, and what is amiss there has its line") {
    const auto file = app::parse_config("c", "seed = 1\n[columns.edge]\ntable = \"flows\"\ntime = \"t\"\nsource = \"a\"\ndestination = \"b\"\nprotocol = \"p\"\nbytes = \"n\"\n");
    REQUIRE(file);
    REQUIRE(file->columns.size() == 1);
    CHECK(file->columns[0].name == "edge");
    CHECK(file->columns[0].column(hw::flow::clickhouse::Told::source) == "a");
    CHECK(app::parse_config("c", "[columns.edge]\ntable = \"flows\"\ntme = \"t\"\n").error().where == "c:3");
    CHECK(app::parse_config("c", "[columns.edge]\ntable = \"flows\"\n").error().where == "c:1");
    CHECK(app::parse_config("c", "[columns.edge]\ntable = 7\n").error().code == hw::Errc::usage);
    CHECK(app::parse_config("c", "[columns]\nedge = \"flows\"\n").error().code == hw::Errc::usage);
}

TEST_CASE("config file: an empty file sets nothing") { CHECK(app::parse_config("c", "")->entries.empty()); }
