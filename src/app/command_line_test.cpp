#include "app/command_line.hpp"

#include <doctest/doctest.h>

namespace app = hw::app;
using hw::Errc;

namespace {

std::vector<std::string> values(const app::CommandLine& typed, std::string_view option) {
    for (const auto& [spec, given] : typed.options) {
        if (spec->name == option) { return given; }
    }
    return {};
}

}  // namespace

TEST_CASE("command line: options and inputs may stand in any order after the verb") {
    const auto typed = app::parse_command_line(std::vector<std::string>{"trace", "a.pcap", "--victim", "192.0.2.1", "-", "--json", "b.pcap"});
    REQUIRE(typed.has_value());
    CHECK(typed->verb == "trace");
    CHECK(typed->operands == std::vector<std::string>{"a.pcap", "-", "b.pcap"});
    CHECK(values(*typed, "victim") == std::vector<std::string>{"192.0.2.1"});
    CHECK(typed->has("json"));
    CHECK_FALSE(typed->has("quiet"));
}

TEST_CASE("command line: a value may begin with a dash, and may be joined to its option") {
    const auto typed = app::parse_command_line(std::vector<std::string>{"trace", "a", "--at", "-2h", "--victim=192.0.2.1:22"});
    REQUIRE(typed.has_value());
    CHECK(values(*typed, "at") == std::vector<std::string>{"-2h"});
    CHECK(values(*typed, "victim") == std::vector<std::string>{"192.0.2.1:22"});
}

TEST_CASE("command line: a repeatable option keeps all its values, another its last") {
    const auto typed = app::parse_command_line(std::vector<std::string>{"trace", "--covers", "a", "x", "--covers", "b", "--seed", "1", "--seed", "2"});
    REQUIRE(typed.has_value());
    CHECK(values(*typed, "covers") == std::vector<std::string>{"a", "b"});
    CHECK(values(*typed, "seed") == std::vector<std::string>{"2"});
    CHECK(typed->operands == std::vector<std::string>{"x"});
}

TEST_CASE("command line: after -- everything is an input") {
    const auto typed = app::parse_command_line(std::vector<std::string>{"flows", "--", "--json"});
    REQUIRE(typed.has_value());
    CHECK(typed->operands == std::vector<std::string>{"--json"});
}

TEST_CASE("command line: nothing typed is no error, and no verb") {
    const auto typed = app::parse_command_line({});
    REQUIRE(typed.has_value());
    CHECK(typed->verb.empty());
}

TEST_CASE("command line: what is unknown is refused with the nearest known") {
    CHECK(app::parse_command_line(std::vector<std::string>{"trcae"}).error().hint == "did you mean \"trace\"?");
    CHECK(app::parse_command_line(std::vector<std::string>{"flows", "--jsno"}).error().hint == "did you mean \"--json\"?");
    CHECK(app::parse_command_line(std::vector<std::string>{"flows", "-z"}).error().code == Errc::usage);
    CHECK(app::parse_command_line(std::vector<std::string>{"flows", "--victim", "192.0.2.1"}).error().code == Errc::usage);
}

TEST_CASE("command line: -h, --help, -V and --version do what people expect") {
    CHECK(app::parse_command_line(std::vector<std::string>{"--help"})->verb == "help");
    CHECK(app::parse_command_line(std::vector<std::string>{"-V"})->verb == "version");
    CHECK(app::parse_command_line(std::vector<std::string>{"trace", "-h"})->has("help"));
}
