#include "net/address.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>
#include <unordered_set>

namespace {

using hw::Errc;
using hw::net::Address;
using hw::net::Endpoint;
using hw::net::parse_address;
using hw::net::parse_endpoint;
using hw::net::Port;

Address read(std::string_view text) { return parse_address(text).value(); }

/// What the C library makes of the same text: an independent reader.
bool libc_reads(const std::string& text, Address& address) {
    in6_addr six{};
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) {
        address = Address::v4(ntohl(four.s_addr));
        return true;
    }
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) { return false; }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        high = (high << 8U) | six.s6_addr[i];
        low = (low << 8U) | six.s6_addr[i + 8];
    }
    address = Address::v6(high, low);
    return true;
}

}  // namespace

TEST_CASE("address: all octet texts up to four characters, in every place, are read as the C library reads them") {
    constexpr std::string_view kAlphabet = "0123456789.a+ -x";
    std::size_t taken = 0;
    for (std::size_t place = 0; place < 4; ++place) {
        for (std::size_t n = 0; n < 16 * 16 * 16 * 16; ++n) {
            std::string octet;
            for (std::size_t rest = n; rest != 0; rest /= 16) { octet += kAlphabet[rest % 16]; }
            std::string text;
            for (std::size_t i = 0; i < 4; ++i) { text += (i > 0 ? "." : "") + (i == place ? octet : std::string("7")); }
            Address expected;
            const auto address = parse_address(text);
            REQUIRE_MESSAGE(address.has_value() == libc_reads(text, expected), text);
            if (address) {
                REQUIRE(*address == expected);
                ++taken;
            }
        }
    }
    CHECK(taken > 4 * 200);
}

TEST_CASE("address: every value of every octet prints and reads back") {
    for (std::uint32_t octet = 0; octet < 256; ++octet) {
        for (std::uint32_t shift = 0; shift < 32; shift += 8) {
            const auto address = Address::v4((octet << shift) | (0x01020304U & ~(0xffU << shift)));
            REQUIRE(read(to_string(address)) == address);
        }
    }
    CHECK(to_string(Address::v4(0xc0000201)) == "192.0.2.1");
    CHECK(to_string(Address::v4(0)) == "0.0.0.0");
}

TEST_CASE("address: all 256 patterns of zero groups print as RFC 5952 has them and read back") {
    for (unsigned pattern = 0; pattern < 256; ++pattern) {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::array<bool, 8> zero{};
        for (unsigned i = 0; i < 8; ++i) {
            zero.at(i) = ((pattern >> i) & 1U) != 0;
            const std::uint64_t group = zero.at(i) ? 0 : 0xa0 + i;
            (i < 4 ? high : low) |= group << (48 - 16 * (i % 4));
        }
        const auto address = Address::v6(high, low);
        const std::string text = to_string(address);
        REQUIRE(read(text) == address);
        Address expected;
        REQUIRE(libc_reads(text, expected));
        REQUIRE(expected == address);

        // The longest run of two or more zero groups is the gap; the first of equals.
        std::size_t best = 1;
        std::size_t best_start = 8;
        for (std::size_t i = 0; i < 8; ++i) {
            std::size_t run = 0;
            while (i + run < 8 && zero.at(i + run)) { ++run; }
            if (run > best) {
                best = run;
                best_start = i;
            }
        }
        REQUIRE((text.find("::") != std::string::npos) == (best_start < 8));
        if (best_start < 8) {
            const auto groups_before = best_start == 0 ? 0 : std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find("::")), ':') + 1;
            REQUIRE(static_cast<std::size_t>(groups_before) == best_start);
            REQUIRE(text.find("::", text.find("::") + 1) == std::string::npos);
        }
    }
}

TEST_CASE("address: the examples of RFC 5952 and RFC 4291") {
    CHECK(to_string(read("2001:0DB8:0000:0000:0001:0000:0000:0001")) == "2001:db8::1:0:0:1");
    CHECK(to_string(read("2001:db8:0:1:1:1:1:1")) == "2001:db8:0:1:1:1:1:1");
    CHECK(to_string(read("2001:0:0:1:0:0:0:1")) == "2001:0:0:1::1");
    CHECK(to_string(read("::")) == "::");
    CHECK(to_string(read("0:0:0:0:0:0:0:1")) == "::1");
    CHECK(to_string(read("FF01::101")) == "ff01::101");
    CHECK(to_string(read("2001:db8::")) == "2001:db8::");
    CHECK(to_string(read("::13.1.68.3")) == "::d01:4403");
    CHECK(to_string(read("64:ff9b::192.0.2.33")) == "64:ff9b::c000:221");
}

TEST_CASE("address: an IPv4-mapped address is the IPv4 address") {
    CHECK(read("::ffff:192.0.2.1") == read("192.0.2.1"));
    CHECK(read("::ffff:c000:201") == read("192.0.2.1"));
    CHECK(read("::ffff:192.0.2.1").is_v4());
    CHECK(to_string(read("0:0:0:0:0:FFFF:129.144.52.38")) == "129.144.52.38");
    CHECK_FALSE(read("::fffe:c000:201").is_v4());
    CHECK_FALSE(read("::1:ffff:c000:201").is_v4());
}

TEST_CASE("address: a zone, a port, brackets, blanks and leading zeros are refused") {
    for (const char* text : {"", " ", "fe80::1%eth0", "192.0.2.1%1", "192.0.2.1:80", "[::1]", "::1 ", " ::1", "192.0.2.01", "192.0.2", "192.0.2.1.5",
                             "192.0.2.256", "192.0.2.1/24", "1.2.3.4.", ".1.2.3", "0x7f.1.1.1", "3221225985", ":", ":::", "1:::2", "1::2::3", "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", "1:",
                             "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::ffff:1.2.3.04", "1::-2", "1::+2"}) {
        CAPTURE(text);
        CHECK(parse_address(text).error().code == Errc::malformed);
    }
    CHECK(parse_address("fe80::1%eth0").error().hint == "leave out the zone (from % on)");
    CHECK_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)).has_value());
}

TEST_CASE("address: texts put together at random are taken or refused as the C library does") {
    constexpr std::string_view kPieces[] = {":", "::", "0", "ffff", "1", ".", "255", "db8", "1.2.3.4", "00", "12345", "a"};
    std::mt19937_64 random(7);
    std::size_t taken = 0;
    for (int i = 0; i < 400'000; ++i) {
        std::string text;
        for (std::uint64_t left = 1 + random() % 15; left > 0; --left) { text += kPieces[random() % std::size(kPieces)]; }
        Address expected;
        const auto address = parse_address(text);
        REQUIRE_MESSAGE(address.has_value() == libc_reads(text, expected), text);
        if (address) {
            REQUIRE(*address == expected);
            REQUIRE(read(to_string(*address)) == *address);
            ++taken;
        }
    }
    CHECK(taken > 1000);
}

TEST_CASE("address: random addresses print and read back") {
    std::mt19937_64 random(3);
    for (int i = 0; i < 50'000; ++i) {
        const auto six = Address::v6(random(), random());
        REQUIRE(read(to_string(six)) == six);
        const auto four = Address::v4(static_cast<std::uint32_t>(random()));
        REQUIRE(read(to_string(four)) == four);
    }
}

TEST_CASE("address: order is that of the bits, and equal addresses hash alike") {
    const std::set<Address> sorted = {read("2001:db8::1"), read("10.0.0.2"), read("::1"), read("10.0.0.1"), read("::")};
    std::string all;
    for (const Address& a : sorted) { all += to_string(a) + " "; }
    CHECK(all == ":: ::1 10.0.0.1 10.0.0.2 2001:db8::1 ");
    std::unordered_set<Address> hashed;
    for (std::uint32_t i = 0; i < 1000; ++i) { hashed.insert(Address::v4(i)); }
    CHECK(hashed.size() == 1000);
    CHECK(std::hash<Address>{}(read("::ffff:1.2.3.4")) == std::hash<Address>{}(read("1.2.3.4")));
}

TEST_CASE("address: private blocks are private from their first to their last address, and not beyond") {
    struct Block {
        const char* before;
        const char* first;
        const char* last;
        const char* after;
    };
    for (const Block& b : {Block{"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
                           Block{"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
                           Block{"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
                           Block{"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
                           Block{"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
                           Block{"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
                           Block{"fbff::", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"},
                           Block{"fe7f::", "fe80::", "febf:ffff::", "fec0::"}}) {
        CAPTURE(b.first);
        CHECK_FALSE(read(b.before).is_private());
        CHECK(read(b.first).is_private());
        CHECK(read(b.last).is_private());
        CHECK_FALSE(read(b.after).is_private());
    }
    CHECK(read("::1").is_private());
    CHECK_FALSE(read("::2").is_private());
    CHECK(read("224.0.0.1").is_group());
    CHECK(read("239.255.255.255").is_group());
    CHECK(read("255.255.255.255").is_group());
    CHECK_FALSE(read("240.0.0.0").is_group());
    CHECK(read("ff02::1").is_group());
    CHECK_FALSE(read("fe80::1").is_group());
}

TEST_CASE("endpoint: every port prints and reads back, in both families") {
    for (unsigned port = 0; port <= 65'535; ++port) {
        const Endpoint four{read("192.0.2.1"), Port{static_cast<std::uint16_t>(port)}};
        const Endpoint six{read("2001:db8::1"), four.port};
        REQUIRE(parse_endpoint(to_string(four)) == four);
        REQUIRE(parse_endpoint(to_string(six)) == six);
    }
    CHECK(to_string(Endpoint{read("192.0.2.1"), Port{80}}) == "192.0.2.1:80");
    CHECK(to_string(Endpoint{read("2001:db8::1"), Port{80}}) == "[2001:db8::1]:80");
}

TEST_CASE("endpoint: the port may be absent, brackets need an IPv6 address") {
    CHECK(parse_endpoint("192.0.2.1") == Endpoint{read("192.0.2.1"), Port{}});
    CHECK(parse_endpoint("2001:db8::1") == Endpoint{read("2001:db8::1"), Port{}});
    CHECK(parse_endpoint("[2001:db8::1]") == Endpoint{read("2001:db8::1"), Port{}});
    for (const char* text : {"", ":80", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "192.0.2.1:080", "192.0.2.1:80x", "[192.0.2.1]:80", "[::1", "[::1]80",
                             "::1]:80", "[]:80", "[::1]:", "[", "host:80"}) {
        CAPTURE(text);
        CHECK(parse_endpoint(text).error().code == Errc::malformed);
    }
}
