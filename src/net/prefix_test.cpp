#include "net/prefix.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

namespace {

using hw::Errc;
using hw::net::Address;
using hw::net::parse_address;
using hw::net::parse_prefix;
using hw::net::Prefix;

Address address(std::string_view text) { return parse_address(text).value(); }
Prefix prefix(std::string_view text) { return parse_prefix(text).value(); }

bool bit(const Address& a, unsigned index) {
    return (((index < 64 ? a.high() : a.low()) >> (63 - index % 64)) & 1U) != 0;
}

/// The definition, bit by bit.
bool agrees(const Address& a, const Address& b, unsigned bits) {
    for (unsigned i = 0; i < bits; ++i) {
        if (bit(a, i) != bit(b, i)) { return false; }
    }
    return true;
}

Address flipped(const Address& a, unsigned index) {
    const std::uint64_t mask = std::uint64_t{1} << (63 - index % 64);
    return index < 64 ? Address::v6(a.high() ^ mask, a.low()) : Address::v6(a.high(), a.low() ^ mask);
}

const std::vector<const char*> kSamples = {"0.0.0.0", "255.255.255.255", "10.1.2.3", "192.0.2.129", "128.0.0.1", "::", "::1",
                                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:1:2:3:4:5:6", "8000::1", "::fffe:1:1", "::1:0:0:0"};

}  // namespace

TEST_CASE("prefix: a /0 contains every address of its family") {
    for (const char* text : kSamples) {
        const Address a = address(text);
        CHECK(prefix("0.0.0.0/0").contains(a) == a.is_v4());
        CHECK(prefix("::/0").contains(a) == !a.is_v4());
    }
    CHECK(prefix("0.0.0.0/0") != prefix("::/0"));
}

TEST_CASE("prefix: of every length, it holds what agrees in its first bits and nothing else") {
    for (const char* text : kSamples) {
        const Address a = address(text);
        const unsigned first = a.is_v4() ? 96 : 0;
        for (unsigned length = 0; length <= 128 - first; ++length) {
            const Prefix p = Prefix::make(a, length).value();
            REQUIRE(p.length() == length);
            REQUIRE(p.contains(a));
            REQUIRE(p.contains(p.address()));
            for (unsigned i = first; i < 128; ++i) {
                const Address other = flipped(a, i);
                if (other.is_v4() != a.is_v4()) { continue; }
                REQUIRE(p.contains(other) == (i >= first + length));
                REQUIRE(p.contains(other) == agrees(p.address(), other, first + length));
            }
            REQUIRE(parse_prefix(to_string(p)) == p);
        }
        CHECK(Prefix::make(a, 129 - first).error().code == Errc::malformed);
        CHECK(Prefix::host(a) == Prefix::make(a, 128 - first).value());
    }
}

TEST_CASE("prefix: containment of prefixes follows the lengths on one line of descent") {
    for (const char* text : kSamples) {
        const Address a = address(text);
        const unsigned longest = a.is_v4() ? 32 : 128;
        for (unsigned outer = 0; outer <= longest; ++outer) {
            for (unsigned inner = 0; inner <= longest; ++inner) {
                REQUIRE(Prefix::make(a, outer).value().contains(Prefix::make(a, inner).value()) == (outer <= inner));
            }
        }
    }
    CHECK_FALSE(prefix("10.0.0.0/8").contains(prefix("11.0.0.0/9")));
    CHECK_FALSE(prefix("::/0").contains(prefix("10.0.0.0/8")));
    CHECK_FALSE(prefix("0.0.0.0/0").contains(prefix("::/1")));
}

TEST_CASE("prefix: an address alone is its host prefix") {
    CHECK(prefix("192.0.2.1") == prefix("192.0.2.1/32"));
    CHECK(prefix("2001:db8::1") == prefix("2001:db8::1/128"));
    CHECK(to_string(prefix("::ffff:192.0.2.0/24")) == "192.0.2.0/24");
}

TEST_CASE("prefix: host bits, lengths past the family's and sloppy numbers are refused") {
    for (const char* text : {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+4", "192.0.2.0/024", "192.0.2.0/24 ", "192.0.2.0/24/24",
                             "192.0.2.1/24", "2001:db8::/129", "2001:db8::1/64", "::ffff:0:0/96", "192.0.2.0/256", "192.0.2/24", "192.0.2.0/255.255.255.0"}) {
        CAPTURE(text);
        CHECK(parse_prefix(text).error().code == Errc::malformed);
    }
    CHECK(parse_prefix("192.0.2.1/24").error().hint == "did you mean 192.0.2.0/24?");
}

TEST_CASE("prefix: order puts an outer prefix before the inner ones at the same address") {
    CHECK(prefix("10.0.0.0/8") < prefix("10.0.0.0/9"));
    CHECK(prefix("10.0.0.0/9") < prefix("10.128.0.0/9"));
}
