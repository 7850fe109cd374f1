#include "app/command/route_target.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace hw;
using namespace hw::app::command;

TEST_CASE("route target: numbers of ASes, prefixes and countries are told apart; AS alone is a country") {
    const auto text = [](const char* typed) -> std::string {
        const auto target = parse_route_target(typed);
        if (!target) { return "error"; }
        return std::visit([](const auto& of) { return net::to_string(of); }, *target);
    };
    CHECK(text("AS64500") == "AS64500");
    CHECK(text("64500") == "AS64500");
    CHECK(text("192.0.2.1") == "192.0.2.1/32");
    CHECK(text("2001:db8::/32") == "2001:db8::/32");
    CHECK(text("kp") == "KP");
    CHECK(text("AS") == "AS");
    CHECK(text("country:ke") == "KE");
    CHECK(text("12") == "AS12");
    for (const char* wrong : {"", "country:", "country:KEN", "ZZ", "ASx", "hello", "192.0.2.1/33"}) { CHECK(text(wrong) == "error"); }
}
