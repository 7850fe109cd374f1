#include "net/asn.hpp"

#include <doctest/doctest.h>

#include <string>
#include <unordered_set>

using hw::Errc;
using hw::net::Asn;
using hw::net::parse_asn;

TEST_CASE("asn: every 16-bit number prints and reads back, in all its forms") {
    for (std::uint32_t n = 0; n <= 65'535; ++n) {
        const std::string digits = std::to_string(n);
        REQUIRE(parse_asn(to_string(Asn(n))) == Asn(n));
        REQUIRE(parse_asn(digits) == Asn(n));
        REQUIRE(parse_asn("as" + digits) == Asn(n));
        REQUIRE(parse_asn("0." + digits) == Asn(n));
        REQUIRE(parse_asn("AS" + digits + ".1") == Asn(n * 65'536 + 1));
    }
    CHECK(parse_asn("4294967295") == Asn(4'294'967'295));
    CHECK(parse_asn("65535.65535") == Asn(4'294'967'295));
    CHECK(to_string(Asn(64'500)) == "AS64500");
}

TEST_CASE("asn: what is no AS number is refused") {
    for (const char* text : {"", "AS", "A64500", "ASN64500", "AS 64500", " 64500", "64500 ", "-1", "+1", "4294967296", "064500", "1.", ".1", "1.65536", "1.2.3",
                             "AS1.010", "0x10", "ASAS1"}) {
        CAPTURE(text);
        CHECK(parse_asn(text).error().code == Errc::malformed);
    }
}

TEST_CASE("asn: private and reserved ranges, at their edges") {
    for (const std::uint32_t n : {64'512U, 65'534U, 4'200'000'000U, 4'294'967'294U}) { CHECK(Asn(n).is_private()); }
    for (const std::uint32_t n : {64'511U, 65'535U, 4'199'999'999U, 4'294'967'295U}) { CHECK_FALSE(Asn(n).is_private()); }
    for (const std::uint32_t n : {0U, 23'456U, 64'496U, 64'511U, 65'535U, 65'536U, 131'071U, 4'294'967'295U}) { CHECK(Asn(n).is_reserved()); }
    for (const std::uint32_t n : {1U, 23'455U, 64'495U, 64'512U, 131'072U, 4'294'967'294U}) { CHECK_FALSE(Asn(n).is_reserved()); }
}

TEST_CASE("asn: numbers can be looked up by hash and are ordered") {
    const std::unordered_set<Asn> set = {Asn(1), Asn(2), Asn(1)};
    CHECK(set.size() == 2);
    CHECK(Asn(9) < Asn(10));
}
