#include "route/bgp/nlri.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::route::bgp;
using namespace hw::route::testing;

namespace {

/// The prefixes as text, and an `!` behind where they are malformed.
std::string text(const Bytes& bytes, Afi afi, bool paths = false) {
    std::string out;
    const NlriRange range(bytes.view(), afi, paths);
    const bool good = range.for_each([&](const Nlri& route) { out += net::to_string(route.prefix) + (route.path ? "#" + std::to_string(*route.path) : "") + " "; });
    CHECK((range.glance().sound == good || afi == Afi::ipv6));
    return out + (good ? "" : "!");
}

}  // namespace

TEST_CASE("nlri: prefixes of every length, with what lies past it cleared") {
    CHECK(text(Bytes().u8(0).u8(8).u8(10).u8(13).u8(11).u8(13).u8(24).u8(192).u8(0).u8(2).u8(32).u32(0xc000'0201), Afi::ipv4) ==
          "0.0.0.0/0 10.0.0.0/8 11.8.0.0/13 192.0.2.0/24 192.0.2.1/32 ");
    CHECK(text(Bytes().u8(0).u8(3).u8(0xff).u8(32).u32(0x2001'0db8).u8(128).u64(0x2001'0db8'0000'0000).u64(1), Afi::ipv6) == "::/0 e000::/3 2001:db8::/32 2001:db8::1/128 ");
    CHECK(text(Bytes().u8(65).u64(0x2001'0db8'0000'0000).u8(0xff), Afi::ipv6) == "2001:db8:0:0:8000::/65 ");
}

TEST_CASE("nlri: each IPv4 length agrees with the prefix made of the address, also at the end of the bytes") {
    for (unsigned length = 0; length <= 32; ++length) {
        for (const bool followed : {false, true}) {
            Bytes bytes;
            bytes.u8(length);
            for (unsigned i = 0; i < (length + 7) / 8; ++i) { bytes.u8(0xff); }
            if (followed) { bytes.u8(32).u32(0xffff'ffff); }
            const auto expected = net::Prefix::make(net::Address::v4(0xffff'ffff), length);
            CHECK(text(bytes, Afi::ipv4).starts_with(net::to_string(*expected) + " "));
        }
    }
}

TEST_CASE("nlri: several paths of a prefix are told apart") {
    CHECK(text(Bytes().u32(7).u8(8).u8(10).u32(8).u8(8).u8(10), Afi::ipv4, true) == "10.0.0.0/8#7 10.0.0.0/8#8 ");
}

TEST_CASE("nlri: lengths that cannot be and ends too early are told, those before count") {
    CHECK(text(Bytes().u8(8).u8(10).u8(33).u32(1).u8(1), Afi::ipv4) == "10.0.0.0/8 !");
    CHECK(text(Bytes().u8(8).u8(10).u8(11), Afi::ipv4) == "10.0.0.0/8 !");
    CHECK(text(Bytes().u8(129).u64(1).u64(1).u8(1), Afi::ipv6) == "!");
    CHECK(text(Bytes().u8(128).u64(0).u64(0xffff'c000'0201), Afi::ipv6) == "!");  // an IPv4 address is none of IPv6
    CHECK(text(Bytes().u32(7), Afi::ipv4, true) == "!");
}
