#include "flow/read/zeek_value.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::flow::read::zeek;

TEST_CASE("zeek value: seconds become the nearest microsecond without floating point") {
    CHECK(parse_seconds("1416823200.123456") == 1'416'823'200'123'456);
    CHECK(parse_seconds("0") == 0);
    CHECK(parse_seconds("12") == 12'000'000);
    CHECK(parse_seconds("12.") == 12'000'000);
    CHECK(parse_seconds(".5") == 500'000);
    CHECK(parse_seconds("1.5") == 1'500'000);
    CHECK(parse_seconds("1547188415.8574974") == 1'547'188'415'857'497);
    CHECK(parse_seconds("1547188415.8574975") == 1'547'188'415'857'498);
    CHECK(parse_seconds("0.00010013580322265625") == 100);
    CHECK(parse_seconds("9.5367431640625e-07") == 1);
    CHECK(parse_seconds("1e-9") == 0);
    CHECK(parse_seconds("1.416823200123456E9") == 1'416'823'200'123'456);
    CHECK(parse_seconds("1e+2") == 100'000'000);
    CHECK(parse_seconds("0e999") == 0);
}

TEST_CASE("zeek value: what is no number of seconds, or past the year 9999, is refused") {
    for (const char* text : {"", ".", "-1", "+1", "1.2.3", "1e", "1e-", "1e1234", "1e400", "abc", "1 ", "0x10", "253402300801", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_seconds(text).has_value());
    }
}

TEST_CASE("zeek value: a moment may be seconds, milli-, micro- or nanoseconds, or RFC 3339") {
    const auto wanted = Time::from_micros(1'416'823'200'123'000);
    CHECK(parse_moment("1416823200.123") == wanted);
    CHECK(parse_moment("1416823200123") == wanted);
    CHECK(parse_moment("1416823200123000") == wanted);
    CHECK(parse_moment("1416823200123000000") == wanted);
    CHECK(parse_moment("2014-11-24T10:00:00.123Z") == wanted);
    CHECK(parse_moment("2014-11-24T11:00:00.123000+01:00") == wanted);
    CHECK(parse_moment("1416823200") == Time::from_micros(1'416'823'200'000'000));
    CHECK_FALSE(parse_moment("").has_value());
    CHECK_FALSE(parse_moment("yesterday").has_value());
    CHECK_FALSE(parse_moment("2014-11-24T").has_value());
    CHECK_FALSE(parse_moment("99999999999999999999").has_value());
}

TEST_CASE("zeek value: hosts are read as net::parse_address reads them") {
    for (const char* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "192.168.100.200", "2001:db8::1", "2001:db8:ffff:1::53", "::", "::1", "fe80::1",
                             "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8"}) {
        CAPTURE(text);
        const auto wanted = net::parse_address(text);
        REQUIRE(wanted.has_value());
        CHECK(parse_host(text) == *wanted);
    }
    for (const char* text : {"", ".", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.5", "1..2.3", "256.1.1.1", "01.2.3.4", "1.2.3.04", "00.1.1.1", "1234.1.1.1",
                             "1.2.3.4 ", "10.0.0.1:80", "fe80::1%eth0", "g::1", "999999999999.1.1.1"}) {
        CAPTURE(text);
        CHECK_FALSE(net::parse_address(text).has_value());
        CHECK_FALSE(parse_host(text).has_value());
    }
}

TEST_CASE("zeek value: every octet of every place is read as it is written") {
    for (unsigned place = 0; place < 4; ++place) {
        for (unsigned value = 0; value < 1000; ++value) {
            std::string text;
            for (unsigned i = 0; i < 4; ++i) { text += (i > 0 ? "." : "") + std::to_string(i == place ? value : 7); }
            const auto host = parse_host(text);
            REQUIRE(host.has_value() == (value < 256));
            if (host) { REQUIRE(((host->v4_bits() >> (24 - 8 * place)) & 0xffU) == value); }
        }
    }
}

TEST_CASE("zeek value: counts and ports keep to their range") {
    CHECK(parse_count("0") == 0U);
    CHECK(parse_count("9999999999999999999") == 9'999'999'999'999'999'999U);
    CHECK_FALSE(parse_count("10000000000000000000").has_value());
    CHECK_FALSE(parse_count("-1").has_value());
    CHECK_FALSE(parse_count("1.0").has_value());
    CHECK(parse_port("65535") == net::Port{65535});
    CHECK_FALSE(parse_port("65536").has_value());
    CHECK(parse_flag("T") == true);
    CHECK(parse_flag("false") == false);
    CHECK_FALSE(parse_flag("yes").has_value());
}
