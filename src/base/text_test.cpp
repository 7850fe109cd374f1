#include "base/text.hpp"

#include <doctest/doctest.h>

#include <limits>

using hw::Duration;
using hw::human_bytes;
using hw::human_count;
using hw::human_duration;
using hw::printable;

TEST_CASE("text: counts are exact while short, then three digits") {
    CHECK(human_count(0) == "0");
    CHECK(human_count(9999) == "9999");
    CHECK(human_count(10'000) == "10.0 k");
    CHECK(human_count(999'499) == "999 k");
    CHECK(human_count(999'500) == "1.00 M");
    CHECK(human_count(2'500'000) == "2.50 M");
    CHECK(human_count(13'300'000'000) == "13.3 G");
    CHECK(human_count(std::numeric_limits<std::uint64_t>::max()) == "18.4 E");
}

TEST_CASE("text: bytes carry their unit") {
    CHECK(human_bytes(0) == "0 B");
    CHECK(human_bytes(999) == "999 B");
    CHECK(human_bytes(1000) == "1.00 kB");
    CHECK(human_bytes(13'300) == "13.3 kB");
    CHECK(human_bytes(13'300'000'000) == "13.3 GB");
}

TEST_CASE("text: durations take the unit that fits, and never show 60 of one") {
    CHECK(human_duration(Duration(0)) == "0 s");
    CHECK(human_duration(Duration(250)) == "250 us");
    CHECK(human_duration(Duration(12'500)) == "12.5 ms");
    CHECK(human_duration(Duration(999'949)) == "999.9 ms");
    CHECK(human_duration(Duration(999'950)) == "1.0 s");
    CHECK(human_duration(Duration(59'949'999)) == "59.9 s");
    CHECK(human_duration(Duration(59'950'000)) == "1 min 00 s");
    CHECK(human_duration(Duration(65'000'000)) == "1 min 05 s");
    CHECK(human_duration(std::chrono::seconds(3599)) == "59 min 59 s");
    CHECK(human_duration(Duration(3'599'500'000)) == "1 h 00 min");
    CHECK(human_duration(std::chrono::minutes(123)) == "2 h 03 min");
    CHECK(human_duration(std::chrono::hours(76)) == "3 d 04 h");
    CHECK(human_duration(-std::chrono::seconds(65)) == "-1 min 05 s");
    CHECK(human_duration(Duration::min()) == "-106751991 d 04 h");
}

TEST_CASE("text: what is printed cannot move the cursor or turn the line round") {
    CHECK(printable("plain, with umlauts: äöü") == "plain, with umlauts: äöü");
    CHECK(printable("\x1b[2J\r\n\t\x7f") == "\\x1b[2J\\x0d\\x0a\\x09\\x7f");
    CHECK(printable("a\xc2\x9bz") == "a\\x9bz");  // C1 CSI
    CHECK(printable("\xe2\x80\xaetxt.exe") == "\\u{202e}txt.exe");
    CHECK(printable("\xff\xfe") == "\\xff\\xfe");
    CHECK(printable(std::string_view("\0", 1)) == "\\x00");
    for (unsigned c = 0; c < 0x20; ++c) { CHECK(printable(std::string(1, static_cast<char>(c))).size() == 4); }
}

TEST_CASE("text: one thing, two things") {
    CHECK(hw::counted(1, "flow") == "1 flow");
    CHECK(hw::counted(0, "flow") == "0 flows");
    CHECK(hw::counted(2, "reply", "replies") == "2 replies");
}
