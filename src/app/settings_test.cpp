#include "app/settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace app = hw::app;
using hw::Errc;

namespace {

const hw::Time kNow = hw::Time::from_micros(1'416'823'200'000'000);

hw::Result<app::Settings> resolved(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {},
                                   const std::vector<app::ConfigFile>& files = {}) {
    const auto typed = app::parse_command_line(arguments);
    if (!typed) { return std::unexpected(typed.error()); }
    return app::Settings::resolve(typed->verb, *typed, environment, files, kNow);
}

app::ConfigFile config(std::string_view text) {
    auto file = app::parse_config("c.toml", text);
    REQUIRE(file.has_value());
    return *file;
}

}  // namespace

TEST_CASE("settings: flag over environment over configuration over default, and each says where it came from") {
    const std::vector<std::string> bare{"flows", "x"};
    const std::vector<app::ConfigFile> files{config("idle_timeout = \"3s\"\n"), config("idle_timeout = \"4s\"\n")};
    const std::map<std::string, std::string> environment{{"HEADWATER_IDLE_TIMEOUT", "2s"}};
    const auto idle = [](const hw::Result<app::Settings>& settings) {
        REQUIRE(settings.has_value());
        return settings->duration("idle-timeout");
    };
    CHECK(idle(resolved({"flows", "x", "--idle-timeout", "1s"}, environment, files)) == std::chrono::seconds(1));
    CHECK(idle(resolved(bare, environment, files)) == std::chrono::seconds(2));
    CHECK(idle(resolved(bare, {}, files)) == std::chrono::seconds(3));
    CHECK(idle(resolved(bare)) == std::chrono::minutes(5));
    const auto from_file = resolved(bare, {}, files);
    for (const app::Setting& setting : from_file->all()) {
        if (setting.option->name == "idle-timeout") { CHECK(setting.where == "c.toml:1"); }
    }
}

TEST_CASE("settings: a verb's own table is stronger than the top of the same file") {
    const std::vector<app::ConfigFile> files{config("format = \"json\"\n[flows]\nformat = \"csv\"\n")};
    CHECK(resolved({"flows", "x"}, {}, files)->format() == "csv");
    CHECK(resolved({"link", "x", "--host", "192.0.2.1"}, {}, files)->format() == "json");
}

TEST_CASE("settings: --json is --format json, and contradicts another format") {
    CHECK(resolved({"flows", "x", "--json"})->format() == "json");
    CHECK(resolved({"flows", "x", "--json"}, {{"HEADWATER_FORMAT", "csv"}})->format() == "json");
    CHECK(resolved({"flows", "x", "--json", "--format", "csv"}).error().code == Errc::usage);
    CHECK(resolved({"flows", "x", "--json", "--format", "json"}).has_value());
}

TEST_CASE("settings: a bad value is refused where it stands") {
    const auto from_environment = resolved({"flows", "x"}, {{"HEADWATER_IDLE_TIMEOUT", "soon"}});
    REQUIRE_FALSE(from_environment.has_value());
    CHECK(from_environment.error().where == "HEADWATER_IDLE_TIMEOUT");
    const auto from_file = resolved({"flows", "x"}, {}, {config("\nidle_timeout = 7\n")});
    REQUIRE_FALSE(from_file.has_value());
    CHECK(from_file.error().where == "c.toml:2");
}

TEST_CASE("settings: values are what was typed") {
    const auto settings = resolved({"trace", "x", "--victim", "[2001:db8::1]:22", "--at", "-2h", "--covers", "a=192.0.2.0/24", "--covers",
                                    "198.51.100.7", "--quiet"});
    REQUIRE(settings.has_value());
    CHECK(hw::net::to_string(*settings->endpoint("victim")) == "[2001:db8::1]:22");
    CHECK(*settings->interval("at") == hw::Interval{kNow - std::chrono::hours(2), kNow - std::chrono::hours(2)});
    CHECK(settings->flag("quiet"));
    CHECK_FALSE(settings->flag("json"));
    const auto covers = settings->coverage("covers");
    REQUIRE(covers.size() == 2);
    CHECK(covers[0].observer == "a");
    CHECK_FALSE(covers[1].observer.has_value());
    CHECK(hw::net::to_string(covers[1].prefix) == "198.51.100.7/32");
}

TEST_CASE("settings: a required option that is missing is named") {
    const auto missing = resolved({"trace", "x"});
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Errc::usage);
    CHECK(missing.error().where == "--victim");
}

TEST_CASE("settings: --at takes a moment or a stretch of time") {
    const auto at = [](const std::string& value) { return resolved({"trace", "x", "--victim", "192.0.2.1", "--at", value}); };
    CHECK(*at("2014-11-24T10:00/+15m")->interval("at") == hw::Interval{kNow, kNow + std::chrono::minutes(15)});
    CHECK(*at("-15m/2014-11-24T10:00")->interval("at") == hw::Interval{kNow - std::chrono::minutes(15), kNow});
    const auto backward = at("2014-11-24/2014-11-23");
    REQUIRE_FALSE(backward.has_value());
    CHECK(backward.error().message.find("it ends before it begins") != std::string::npos);
    CHECK_FALSE(at("2014-11-24/").has_value());
}

TEST_CASE("settings: a wrong value is shown once and shortened, and every kind says what to write") {
    const std::string huge(100'000, 'a');
    const std::vector<std::vector<std::string>> wrong{
        {"trace", "x", "--victim", huge},
        {"trace", "x", "--victim", "192.0.2.1:" + huge},
        {"trace", "x", "--victim", "192.0.2.1", "--at", huge},
        {"trace", "x", "--victim", "192.0.2.1", "--at", "2014-11-24/" + huge},
        {"trace", "x", "--victim", "192.0.2.1", "--peer", huge},
        {"trace", "x", "--victim", "192.0.2.1", "--covers", "a=" + huge},
        {"trace", "x", "--victim", "192.0.2.1", "--max-lag", huge},
        {"trace", "x", "--victim", "192.0.2.1", "--max-trails", huge},
        {"link", "x", "--host", huge},
    };
    for (const auto& arguments : wrong) {
        const auto settings = resolved(arguments);
        REQUIRE_FALSE(settings.has_value());
        CHECK(settings.error().message.size() < 200);
        CHECK(std::ranges::count(settings.error().message, 'a') < 100);
        CHECK_FALSE(settings.error().hint.empty());
    }
    CHECK(resolved({"trace", "x", "--victim", "fe80::1%eth0"}).error().hint.find("zone") != std::string::npos);
}
