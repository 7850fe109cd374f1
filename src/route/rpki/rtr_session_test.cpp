#include "route/rpki/rtr_session.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::rpki;

namespace {

using Octets = std::vector<std::byte>;

Octets operator+(Octets a, const Octets& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Octets big(std::uint64_t value, unsigned bytes) {
    Octets out;
    for (unsigned i = bytes; i-- > 0;) { out.push_back(static_cast<std::byte>(i < 8 ? value >> (8 * i) : 0)); }
    return out;
}

Octets message(unsigned version, unsigned type, unsigned session, const Octets& body = {}) { return big(version, 1) + big(type, 1) + big(session, 2) + big(8 + body.size(), 4) + body; }
Octets v4(unsigned version, bool announced, std::uint32_t address, unsigned length, unsigned most, std::uint32_t asn) {
    return message(version, 4, 0, big(announced, 1) + big(length, 1) + big(most, 1) + big(0, 1) + big(address, 4) + big(asn, 4));
}
Octets end1(unsigned session, std::uint32_t serial) { return message(1, 7, session, big(serial, 4) + big(3'600, 4) + big(600, 4) + big(7'200, 4)); }

std::string hex(const Octets& bytes) {
    std::string out;
    for (const std::byte b : bytes) {
        constexpr const char* kDigits = "0123456789abcdef";
        out += kDigits[static_cast<unsigned>(b) >> 4U];
        out += kDigits[static_cast<unsigned>(b) & 15U];
    }
    return out;
}

constexpr std::uint32_t kNet = 0xc000'0200;  // 192.0.2.0

OriginValidity asked(const RtrSession& session, const char* prefix, std::uint32_t asn) { return session.authorisations().validate(net::parse_prefix(prefix).value(), net::Asn(asn)); }

}  // namespace

TEST_CASE("rtr: all is asked for, counts when it has been told wholly, and then the changes") {
    RtrSession session;
    session.begin();
    CHECK(hex(session.take_output()) == "0102000000000008");
    const Octets told = message(1, 3, 7) + v4(1, true, kNet, 24, 25, 64'510) + message(1, 6, 0, big(1, 1) + big(48, 1) + big(48, 1) + big(0, 1) + big(0x2001'0db8'0005'0000, 8) + big(0, 8) + big(64'500, 4));
    for (const std::byte b : told) { REQUIRE(session.feed(std::span(&b, 1))); }
    CHECK(session.authorisations().size() == 0);
    REQUIRE(session.feed(end1(7, 41)));
    CHECK(session.completed() == 1);
    CHECK(session.authorisations().size() == 2);
    CHECK(asked(session, "192.0.2.0/25", 64'510) == OriginValidity::valid);
    CHECK(asked(session, "192.0.2.0/26", 64'510) == OriginValidity::invalid);
    CHECK(asked(session, "192.0.2.0/24", 64'511) == OriginValidity::invalid);
    CHECK(asked(session, "192.0.3.0/24", 64'510) == OriginValidity::not_found);
    CHECK(asked(session, "2001:db8:5::/48", 64'500) == OriginValidity::valid);

    REQUIRE(session.feed(message(1, 0, 7, big(42, 4))));  // it has something new
    CHECK(hex(session.take_output()) == "010100070000000c00000029");
    REQUIRE(session.feed(message(1, 3, 7) + v4(1, false, kNet, 24, 25, 64'510) + v4(1, true, kNet, 24, 24, 64'511) + end1(7, 42)));
    CHECK(asked(session, "192.0.2.0/24", 64'511) == OriginValidity::valid);
    CHECK(asked(session, "192.0.2.0/25", 64'510) == OriginValidity::invalid);
    CHECK(session.authorisations().size() == 2);
}

TEST_CASE("rtr: a cache that has begun anew or lost its changes is asked for all again; the former data hold until then") {
    RtrSession session;
    session.begin();
    REQUIRE(session.feed(message(1, 3, 7) + v4(1, true, kNet, 24, 24, 64'510) + end1(7, 1)));
    static_cast<void>(session.take_output());
    session.refresh();
    static_cast<void>(session.take_output());
    REQUIRE(session.feed(message(1, 8, 0)));  // Cache Reset
    CHECK(hex(session.take_output()) == "0102000000000008");
    CHECK(asked(session, "192.0.2.0/24", 64'510) == OriginValidity::valid);
    session.begin();  // the connection was lost
    static_cast<void>(session.take_output());
    REQUIRE(session.feed(message(1, 3, 8)));  // another session
    CHECK(hex(session.take_output()) == "0102000000000008");
    REQUIRE(session.feed(message(1, 3, 8) + v4(1, true, kNet, 24, 24, 64'511) + end1(8, 1)));
    CHECK(asked(session, "192.0.2.0/24", 64'510) == OriginValidity::invalid);
    CHECK(session.authorisations().size() == 1);
    session.forget();
    CHECK(asked(session, "192.0.2.0/24", 64'510) == OriginValidity::not_found);
}

TEST_CASE("rtr: a cache of version 0 is spoken to in version 0") {
    RtrSession session;
    session.begin();
    static_cast<void>(session.take_output());
    REQUIRE(session.feed(message(0, 10, 4, big(0, 4) + big(0, 4))));
    CHECK(hex(session.take_output()) == "0002000000000008");
    REQUIRE(session.feed(message(0, 3, 7) + v4(0, true, kNet, 24, 24, 64'510) + message(0, 7, 7, big(5, 4))));
    CHECK(session.version() == 0);
    CHECK(session.authorisations().size() == 1);
    CHECK_FALSE(session.feed(message(1, 3, 7)));
}

TEST_CASE("rtr: what is no RTR, or wrong, ends in an error and changes nothing") {
    const auto begun = [] {
        RtrSession session;
        session.begin();
        return session;
    };
    for (const Octets& bad : {message(1, 4, 0, big(0, 11)), v4(1, true, kNet, 33, 33, 1), v4(1, true, kNet, 24, 23, 1), big(0x4854'5450'2f31'2e31, 8), message(1, 7, 9, big(1, 4)), message(2, 3, 7),
                              big(0x0103'0007'0000'0004, 8), big(0x0103'0007'7fff'ffff, 8), message(1, 10, 2), message(1, 10, 0, big(0, 4) + big(3, 4) + big(0x626164, 3)), message(1, 0, 7)}) {
        auto session = begun();
        REQUIRE(session.feed(message(1, 3, 7)));
        CHECK_FALSE(session.feed(bad));
        CHECK(session.authorisations().size() == 0);
    }
    auto session = begun();
    CHECK(session.feed(message(1, 10, 0, big(0, 4) + big(3, 4) + big(0x626164, 3))).error().message.ends_with("error 0: bad"));
    auto keys = begun();
    CHECK(keys.feed(message(1, 9, 0, big(0, 30))));  // router keys are of no use here
}

TEST_CASE("rtr: authorisations of AS0 make every origin invalid (RFC 6483)") {
    Authorisations held;
    CHECK(held.add({.prefix = net::parse_prefix("192.0.2.0/24").value(), .max_length = 32, .origin = net::Asn()}));
    CHECK_FALSE(held.add({.prefix = net::parse_prefix("192.0.2.0/24").value(), .max_length = 32, .origin = net::Asn()}));
    CHECK(held.validate(net::parse_prefix("192.0.2.0/24").value(), net::Asn()) == OriginValidity::invalid);
    CHECK(held.validate(net::parse_prefix("192.0.2.0/24").value(), net::Asn(1)) == OriginValidity::invalid);
    CHECK(held.remove({.prefix = net::parse_prefix("192.0.2.0/24").value(), .max_length = 32, .origin = net::Asn()}));
    CHECK(held.validate(net::parse_prefix("192.0.2.0/24").value(), net::Asn(1)) == OriginValidity::not_found);
}
