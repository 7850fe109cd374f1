#include "route/dependency.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

/// Tells that a peer has a way to a prefix.
void tell(Rib& rib, std::uint32_t peer_as, std::uint32_t router, const char* prefix, const std::vector<std::uint32_t>& path, std::uint32_t set = 0) {
    const auto parsed = net::parse_prefix(prefix).value();
    Bytes route;
    route.u8(parsed.length());
    for (unsigned i = 0; i < (parsed.length() + 7) / 8; ++i) { route.u8(parsed.address().v4_bits() >> (24 - 8 * i) & 0xffU); }
    Bytes asns = path4(path);
    if (set != 0) { asns.add(path4({set}, 1)); }
    Bytes attributes;
    attributes.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, asns)).add(attribute(0x40, 3, Bytes().u32(1)));
    const Bytes body = update_of(Bytes(), attributes, route);
    bgp::Update update;
    bgp::read_update(body.view(), 4, false, update);
    rib.update({.time = {}, .form = MessageForm::bgp4mp, .peer = {.address = net::Address::v4(router), .asn = net::Asn(peer_as)}, .update = &update});
}

double of(const std::vector<Dependency>& found, std::uint32_t asn) {
    const auto at = std::ranges::find(found, net::Asn(asn), &Dependency::asn);
    return at == found.end() ? -1 : at->hegemony;
}

const std::vector<net::Asn> kNine{net::Asn(9)};

bool near(double a, double b) { return std::abs(a - b) < 1e-12; }

}  // namespace

TEST_CASE("dependency: the only upstream has all, a network on half of the ways half; the scope's own are not among them") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/24", {1, 5, 7, 9});
    tell(rib, 2, 2, "10.0.0.0/24", {2, 7, 9, 9, 9});
    rib.settle();
    const auto found = dependencies_of(rib, prefixes_of(rib, kNine), kNine);
    CHECK(found.peer_ases == 2);
    CHECK(found.prefixes == 1);
    CHECK(of(found.transit, 7) == 1);
    CHECK(of(found.transit, 5) == 0.5);
    CHECK(of(found.transit, 9) == -1);
    CHECK(found.transit.front().asn == net::Asn(7));
    REQUIRE(found.upstreams.size() == 1);
    CHECK((found.upstreams[0] == Dependency{.asn = net::Asn(7), .hegemony = 1, .told_by = 2}));
}

TEST_CASE("dependency: prefixes count by their addresses, less what others announce inside") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/23", {1, 7, 9});
    tell(rib, 1, 1, "10.0.1.0/24", {1, 8});      // another's
    tell(rib, 1, 1, "10.0.1.128/25", {1, 8, 3});  // inside that: not twice
    tell(rib, 1, 1, "10.0.4.0/24", {1, 6, 9});
    rib.settle();
    const auto found = dependencies_of(rib, prefixes_of(rib, kNine), kNine);
    CHECK(of(found.transit, 7) == 0.5);
    CHECK(of(found.transit, 6) == 0.5);
    CHECK(of(found.transit, 8) == -1);
    CHECK(found.prefixes == 2);
}

TEST_CASE("dependency: several routers of a network are one voice") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/24", {1, 7, 9});
    tell(rib, 1, 2, "10.0.0.0/24", {1, 6, 9});
    tell(rib, 2, 3, "10.0.0.0/24", {2, 6, 9});
    rib.settle();
    const auto found = dependencies_of(rib, prefixes_of(rib, kNine), kNine);
    CHECK(found.peer_ases == 2);
    CHECK(near(of(found.transit, 7), 0.25));
    CHECK(near(of(found.transit, 6), 0.75));
}

TEST_CASE("dependency: of ten voices or more the highest and lowest tenth are left out") {
    Rib rib;
    for (std::uint32_t peer = 1; peer <= 10; ++peer) { tell(rib, peer, peer, "10.0.0.0/24", {peer, peer == 1 ? 70U : 60U, 90}); }
    rib.settle();
    const std::vector<net::Asn> own{net::Asn(90)};
    const auto found = dependencies_of(rib, prefixes_of(rib, own), own);
    CHECK(of(found.transit, 70) == 0);           // one of ten: trimmed
    CHECK(near(of(found.transit, 60), 1));       // nine of ten: the one without is trimmed too
    CHECK(of(found.transit, 1) == 0);            // a peer's own place on its own ways
}

TEST_CASE("dependency: routes that end in a set are left out and counted; other announcers of the prefix do not count") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/24", {1, 7}, 9);
    tell(rib, 2, 2, "10.0.0.0/24", {2, 6, 9});
    tell(rib, 3, 3, "10.0.0.0/24", {3, 4});
    rib.settle();
    const auto scope = prefixes_of(rib, kNine);
    const auto found = dependencies_of(rib, scope, kNine);
    CHECK(found.sets == 1);
    CHECK(found.peer_ases == 1);
    CHECK(of(found.transit, 6) == 1);
    CHECK(dependencies_of(rib, scope, {}).peer_ases == 2);
    CHECK(dependencies_of(rib, {}, kNine).transit.empty());
}

TEST_CASE("dependency: a prefix stands for its more-specifics, and for the one around it where nobody announces it") {
    Rib rib;
    for (const char* prefix : {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "11.0.0.0/8"}) { tell(rib, 1, 1, prefix, {1, 9}); }
    rib.settle();
    const auto text = [&](const char* prefix) {
        std::string out;
        for (const auto id : prefixes_in(rib, net::parse_prefix(prefix).value())) { out += net::to_string(rib.prefix(id)) + " "; }
        return out;
    };
    CHECK(text("10.1.0.0/16") == "10.1.0.0/16 10.1.2.0/24 ");
    CHECK(text("10.1.2.3/32") == "10.1.2.0/24 ");
    CHECK(text("10.2.0.0/16") == "10.0.0.0/8 ");
    CHECK(text("12.0.0.0/8").empty());
}

TEST_CASE("dependency: addresses that are somebody's on paper and another's in fact depend on that other") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/24", {1, 7, 9});
    tell(rib, 1, 1, "10.0.1.0/24", {1, 8});
    rib.settle();
    const auto scope = prefixes_of(rib, kNine, [](const net::Prefix& p) { return p.address().v4_bits() >> 24U == 10; });
    REQUIRE(scope.size() == 2);
    CHECK(of(dependencies_of(rib, scope, kNine).transit, 8) == -1);
    const auto found = dependencies_of(rib, scope, kNine, {.any_origin = true, .own_on_the_way = false});
    CHECK(of(found.transit, 8) == 0.5);
    CHECK(of(found.transit, 7) == 0.5);
    CHECK(of(found.upstreams, 8) == 0.5);
}

TEST_CASE("dependency: a scope's own AS on the way to another of them counts where asked") {
    Rib rib;
    tell(rib, 1, 1, "10.0.0.0/24", {1, 7, 9});
    tell(rib, 1, 1, "10.0.1.0/24", {1, 7, 9, 19});
    rib.settle();
    const std::vector<net::Asn> both{net::Asn(9), net::Asn(19)};
    const auto scope = prefixes_of(rib, both);
    CHECK(of(dependencies_of(rib, scope, both).transit, 9) == -1);
    const auto found = dependencies_of(rib, scope, both, {.any_origin = true, .own_on_the_way = true});
    CHECK(of(found.transit, 9) == 0.5);
    CHECK(of(found.transit, 19) == -1);
    CHECK(of(found.transit, 7) == 1);
}
