#include "flow/filter.hpp"
#include "flow/filter_random.hpp"

#include <doctest/doctest.h>

using namespace hw::flow;

TEST_CASE("filter: what is printed is parsed to the same filter") {
    hw::flow::test::FilterWriter writer(1);
    for (int i = 0; i < 3000; ++i) {
        const std::string text = writer.write(4);
        CAPTURE(text);
        const auto filter = parse_filter(text);
        if (!filter) { FAIL(filter.error().message); }
        const auto again = parse_filter(to_string(*filter));
        REQUIRE(again.has_value());
        CHECK(*again == *filter);
        CHECK(to_string(*again) == to_string(*filter));
    }
}

TEST_CASE("filter: two ways to write the same values print the same") {
    const auto printed = [](std::string_view text) { return to_string(parse_filter(text).value()); };
    CHECK(printed("port in [80 79 81 81-85]") == "port 79-85");
    CHECK(printed("host in [192.0.2.1]") == "host 192.0.2.1");
    CHECK(printed("host in [192.0.2.0/24 10.0.0.1]") == "host in [10.0.0.1, 192.0.2.0/24]");
    CHECK(printed("duration = 3600s") == "duration 1h");
    CHECK(printed("not not tcp") == "not (not proto tcp)");
}

TEST_CASE("filter: a filter made of hosts is the one that is typed") {
    using hw::net::Prefix;
    CHECK(filter_of_hosts({Prefix::host(hw::net::Address::v4(0xc0000201U))}) == parse_filter("host 192.0.2.1"));
}
