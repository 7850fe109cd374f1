#include "base/time.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>

namespace {

using hw::Duration;
using hw::Errc;
using hw::Interval;
using hw::Time;
using namespace std::chrono_literals;

constexpr std::int64_t kSecond = 1'000'000;
const Time kNow = Time::from_micros(1'416'823'200 * kSecond);  // 2014-11-24T10:00:00Z

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

TEST_CASE("time: printed with six digits in UTC") {
    CHECK(to_rfc3339(Time()) == "1970-01-01T00:00:00.000000Z");
    CHECK(to_rfc3339(kNow + 1us) == "2014-11-24T10:00:00.000001Z");
    CHECK(to_rfc3339(Time::from_micros(-1)) == "1969-12-31T23:59:59.999999Z");
    CHECK(to_rfc3339(Time::from_micros(951'782'400 * kSecond)) == "2000-02-29T00:00:00.000000Z");
}

TEST_CASE("time: clamped to the years that RFC 3339 can write") {
    CHECK(to_rfc3339(Time::from_micros(std::numeric_limits<std::int64_t>::max())) == "9999-12-31T23:59:59.999999Z");
    CHECK(to_rfc3339(Time::from_micros(std::numeric_limits<std::int64_t>::min())) == "0000-01-01T00:00:00.000000Z");
    CHECK(hw::parse_rfc3339("9999-12-31T23:59:59.999999Z").value().micros() == 253'402'300'799 * kSecond + 999'999);
}

TEST_CASE("time: every day of one whole cycle of the calendar reads back, and days of all the others") {
    const Time first = hw::parse_rfc3339("0000-01-01T00:00:00Z").value();
    const Time last = hw::parse_rfc3339("9999-12-31T00:00:00Z").value();
    const Time cycle = hw::parse_rfc3339("1800-01-01T00:00:00Z").value();
    const auto reads_back = [](Time t) {
        const auto back = hw::parse_rfc3339(to_rfc3339(t));
        return back.has_value() && *back == t;
    };
    std::size_t wrong = 0;
    for (int day = 0; day < 146'097; ++day) { wrong += reads_back(cycle + day * 24h) ? 0U : 1U; }
    for (Time t = first; t <= last; t = t + 61 * 24h) { wrong += reads_back(t) ? 0U : 1U; }
    CHECK(wrong == 0);
    CHECK(cycle + 146'097 * 24h == hw::parse_rfc3339("2200-01-01T00:00:00Z"));
    CHECK(last - first == 3'652'424 * 24h);  // 25 cycles of 146,097 days
}

TEST_CASE("time: every second of a day and any microsecond reads back") {
    for (int s = 0; s < 86'400; ++s) {
        const Time t = kNow + std::chrono::seconds(s);
        REQUIRE(hw::parse_rfc3339(to_rfc3339(t)) == t);
    }
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const Time t = Time::from_micros(static_cast<std::int64_t>(random() % 253'402'300'800'000'000ULL));
        REQUIRE(hw::parse_rfc3339(to_rfc3339(t)) == t);
    }
}

TEST_CASE("time: RFC 3339 with offsets, fractions of any length, lower case, and leap seconds") {
    CHECK(hw::parse_rfc3339("2014-11-24T19:00:00+09:00") == kNow);
    CHECK(hw::parse_rfc3339("2014-11-24T06:00:00-04:00") == kNow);
    CHECK(hw::parse_rfc3339("2014-11-24t10:00:00z") == kNow);
    CHECK(hw::parse_rfc3339("2014-11-24 10:00:00Z") == kNow);
    CHECK(hw::parse_rfc3339("2014-11-24T10:00:00.5Z") == kNow + 500ms);
    CHECK(hw::parse_rfc3339("2014-11-24T10:00:00.123456999999999999999999Z") == kNow + 123'456us);
    CHECK(hw::parse_rfc3339("2016-12-31T23:59:60Z") == hw::parse_rfc3339("2017-01-01T00:00:00Z"));
    for (int h = 0; h <= 23; ++h) {
        for (int m = 0; m <= 59; ++m) {
            const auto offset = std::chrono::hours(h) + std::chrono::minutes(m);
            REQUIRE(hw::parse_rfc3339("2014-11-24T10:00:00+" + two(h) + ":" + two(m)) == kNow - offset);
            REQUIRE(hw::parse_rfc3339("2014-11-24T10:00:00-" + two(h) + ":" + two(m)) == kNow + offset);
        }
    }
}

TEST_CASE("time: what is not RFC 3339 is refused, and no prefix of a good text is taken for one") {
    for (const char* text : {"2014-13-24T10:00:00Z", "2014-02-29T10:00:00Z", "2014-11-31T10:00:00Z", "2014-00-10T10:00:00Z",
                             "2014-11-24T24:00:00Z", "2014-11-24T10:60:00Z", "2014-11-24T10:00:61Z", "2014-11-24T10:00:60Z",
                             "2014-11-24T10:00:00.Z", "2014-11-24T10:00:00+0900", "2014-11-24T10:00:00+24:00", "2014-11-24T10:00:00+09:60",
                             "2014-11-24T10:00:00ZZ", " 2014-11-24T10:00:00Z", "+014-11-24T10:00:00Z", "2014-1-24T10:00:00Z", "12014-11-24T10:00:00Z"}) {
        CAPTURE(text);
        CHECK(hw::parse_rfc3339(text).error().code == Errc::malformed);
    }
    const std::string good = "2014-11-24T10:00:00.123+09:00";
    for (std::size_t size = 0; size < good.size(); ++size) { CHECK_FALSE(hw::parse_rfc3339(good.substr(0, size)).has_value()); }
}

TEST_CASE("time: as users type it, what is left out is zero and UTC") {
    CHECK(hw::parse_time("2014-11-24T10:00:00Z", Time()) == kNow);
    CHECK(hw::parse_time("2014-11-24T10:00", Time()) == kNow);
    CHECK(hw::parse_time("2014-11-24 10:00", Time()) == kNow);
    CHECK(hw::parse_time("2014-11-24T10:00Z", Time()) == kNow);
    CHECK(hw::parse_time("2014-11-24T19:00+09:00", Time()) == kNow);
    CHECK(hw::parse_time("2014-11-24", Time()) == kNow - 10h);
    CHECK(hw::parse_time("1416823200", Time()) == kNow);
    CHECK(hw::parse_time("1416823200.25", Time()) == kNow + 250ms);
    CHECK(hw::parse_time("0", kNow) == Time());
    CHECK(hw::parse_time("-90s", kNow) == kNow - 90s);
    CHECK(hw::parse_time("-15m", kNow) == kNow - 15min);
    CHECK(hw::parse_time("-2h", kNow) == kNow - 2h);
    CHECK(hw::parse_time("-7d", kNow) == kNow - 168h);
    for (const char* text : {"", "-", "-2", "2h", "+2h", "now", "2014", "2014-11", "1e9", "99999999999999", "1416823200.", "--2h", "-106751991d5h"}) {
        CAPTURE(text);
        if (std::string(text) == "2014") { continue; }  // Unix second 2014
        CHECK(hw::parse_time(text, kNow).error().code == Errc::usage);
    }
}

TEST_CASE("time: intervals between two times or around one") {
    CHECK(hw::parse_interval("2014-11-24T10:00/+15m", kNow) == Interval{kNow, kNow + 15min});
    CHECK(hw::parse_interval("2014-11-24T10:00/-15m", kNow) == Interval{kNow - 15min, kNow});
    CHECK(hw::parse_interval("2014-11-24T10:00/2014-11-24T11:00", kNow) == Interval{kNow, kNow + 1h});
    CHECK(hw::parse_interval("-2h/+1h", kNow) == Interval{kNow - 2h, kNow - 1h});
    for (const char* text : {"", "/", "2014-11-24T10:00", "2014-11-24T10:00/", "/+15m", "2014-11-24T11:00/2014-11-24T10:00",
                             "2014-11-24T10:00/15m", "2014-11-24T10:00/+106751991d", "1/2/3"}) {
        CAPTURE(text);
        CHECK(hw::parse_interval(text, kNow).error().code == Errc::usage);
    }
}

TEST_CASE("time: an interval holds both its ends") {
    const Interval hour{kNow, kNow + 1h};
    CHECK(hour.contains(kNow));
    CHECK(hour.contains(kNow + 1h));
    CHECK_FALSE(hour.contains(kNow - 1us));
    CHECK(hour.overlaps({kNow - 1h, kNow}));
    CHECK_FALSE(hour.overlaps({kNow - 1h, kNow - 1us}));
}

TEST_CASE("time: durations in every unit, exact, and refused past the end of the range") {
    CHECK(hw::parse_duration("250us") == 250us);
    CHECK(hw::parse_duration("250ms") == 250ms);
    CHECK(hw::parse_duration("1.5s") == 1500ms);
    CHECK(hw::parse_duration("0.25h") == 15min);
    CHECK(hw::parse_duration("7d") == 168h);
    CHECK(hw::parse_duration("1.0000019s") == Duration(1'000'001));
    CHECK(hw::parse_duration("9223372036854775807us") == Duration::max());
    CHECK(hw::parse_duration("106751991.0d").has_value());
    for (const char* text : {"", "s", "5", "5 s", "-5s", "+5s", "5S", "5sec", ".5s", "5.s", "1.2.3s", "1e3s", "9223372036854775808us", "106751992d",
                             "106751991.999999d"}) {
        CAPTURE(text);
        CHECK(hw::parse_duration(text).error().code == Errc::usage);
    }
}
