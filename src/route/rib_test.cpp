#include "route/rib.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

const Peer kA{.address = net::Address::v4(0xc633'6401), .asn = net::Asn(64'500)};
const Peer kB{.address = net::Address::v4(0xc633'6402), .asn = net::Asn(64'499)};

Bytes attributes_of(const std::vector<std::uint32_t>& path) {
    Bytes out;
    return out.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4(path))).add(attribute(0x40, 3, Bytes().u32(1)));
}

void tell(Rib& rib, const Peer& peer, const Bytes& body, bool paths = false) {
    bgp::Update update;
    bgp::read_update(body.view(), 4, paths, update);
    rib.update({.time = Time::from_micros(0), .form = MessageForm::bgp4mp, .peer = peer, .update = &update});
}

/// The routes to 10.0.0.0/8, as text.
std::string ways(Rib& rib, const char* prefix = "10.0.0.0/8") {
    rib.settle();
    const auto id = rib.find(net::parse_prefix(prefix).value());
    if (!id) { return "never"; }
    std::string out;
    for (const Rib::Route& r : rib.routes(*id)) {
        out += net::to_string(rib.peers()[r.peer].asn) + ":";
        for (const net::Asn asn : rib.paths().asns(r.path)) { out += " " + std::to_string(asn.number()); }
        out += "; ";
    }
    return out;
}

const Bytes kTen = Bytes().u8(8).u8(10);
const Bytes kNone;

}  // namespace

TEST_CASE("rib: what was told last counts, and a withdrawal takes it away") {
    Rib rib;
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 1, 2}), kTen));
    tell(rib, kB, update_of(kNone, attributes_of({64'499, 2, 2, 2}), kTen));
    CHECK(ways(rib) == "AS64500: 64500 1 2; AS64499: 64499 2; ");
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 3}), kTen));
    CHECK(ways(rib) == "AS64500: 64500 3; AS64499: 64499 2; ");
    tell(rib, kA, update_of(kTen, kNone, kNone));
    CHECK(ways(rib) == "AS64499: 64499 2; ");
    tell(rib, kB, update_of(kTen, kNone, kNone));
    CHECK(ways(rib).empty());
    CHECK(ways(rib, "11.0.0.0/8") == "never");
}

TEST_CASE("rib: routes whose attributes are malformed count as withdrawn (RFC 7606)") {
    Rib rib;
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 1}), kTen));
    tell(rib, kA, update_of(kNone, attribute(0x40, 1, Bytes().u8(7)), kTen));
    CHECK(ways(rib).empty());
}

TEST_CASE("rib: a session that goes down takes its routes along, one that comes up does not") {
    Rib rib;
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 1}), kTen));
    tell(rib, kB, update_of(kNone, attributes_of({64'499, 1}), kTen));
    rib.state({.time = Time::from_micros(0), .form = MessageForm::bgp4mp, .peer = kA, .before = 5, .after = 6});
    CHECK(ways(rib) == "AS64500: 64500 1; AS64499: 64499 1; ");
    rib.state({.time = Time::from_micros(0), .form = MessageForm::bgp4mp, .peer = kA, .before = 6, .after = 1});
    CHECK(ways(rib) == "AS64499: 64499 1; ");
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 2}), kTen));
    CHECK(ways(rib) == "AS64500: 64500 2; AS64499: 64499 1; ");
}

TEST_CASE("rib: of several paths of a router the shortest counts, and each is withdrawn by itself") {
    Rib rib;
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 1, 2}), Bytes().u32(1).add(kTen)), true);
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 2}), Bytes().u32(2).add(kTen)), true);
    CHECK(ways(rib) == "AS64500: 64500 2; ");
    tell(rib, kA, update_of(Bytes().u32(2).add(kTen), kNone, kNone), true);
    CHECK(ways(rib) == "AS64500: 64500 1 2; ");
}

TEST_CASE("rib: origins, the most agreed on first; sets name nobody") {
    Rib rib;
    tell(rib, kA, update_of(kNone, attributes_of({64'500, 7}), kTen));
    tell(rib, kB, update_of(kNone, attributes_of({64'499, 8}), kTen));
    tell(rib, {.address = net::Address::v4(9), .asn = net::Asn(5)}, update_of(kNone, attributes_of({5, 8}), kTen));
    Bytes set;
    set.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({6}).add(path4({7, 8}, 1)))).add(attribute(0x40, 3, Bytes().u32(1)));
    tell(rib, {.address = net::Address::v4(10), .asn = net::Asn(6)}, update_of(kNone, set, kTen));
    rib.settle();
    CHECK((rib.origins(0) == std::vector<std::pair<net::Asn, std::size_t>>{{net::Asn(8), 2}, {net::Asn(7), 1}}));
}

TEST_CASE("rib: whenever it is settled, the state is that of a plain table of prefix and router") {
    std::mt19937_64 random(11);
    Rib rib;
    std::map<std::pair<unsigned, unsigned>, std::uint32_t> expected;  // prefix and peer to the path's end
    for (int step = 0; step < 4000; ++step) {
        const auto prefix = static_cast<unsigned>(random() % 20);
        const auto who = static_cast<unsigned>(random() % 4);
        const Peer peer{.address = net::Address::v4(who + 1), .asn = net::Asn(100 + who)};
        const Bytes route = Bytes().u8(24).u8(10).u8(0).u8(prefix);
        switch (random() % 12) {
            case 0:
                rib.state({.time = Time::from_micros(0), .form = MessageForm::bgp4mp, .peer = peer, .before = 6, .after = 1});
                std::erase_if(expected, [&](const auto& e) { return e.first.second == who; });
                break;
            case 1:
            case 2:
            case 3:
                tell(rib, peer, update_of(route, kNone, kNone));
                expected.erase({prefix, who});
                break;
            default: {
                const auto end = static_cast<std::uint32_t>(random() % 50 + 1);
                tell(rib, peer, update_of(kNone, attributes_of({100 + who, end}), route));
                expected[{prefix, who}] = end;
            }
        }
        if (random() % 50 != 0) { continue; }
        rib.settle();
        std::map<std::pair<unsigned, unsigned>, std::uint32_t> found;
        for (Rib::PrefixId id = 0; id < rib.prefixes(); ++id) {
            for (const Rib::Route& r : rib.routes(id)) {
                found[{rib.prefix(id).address().v4_bits() >> 8U & 0xffU, rib.peers()[r.peer].asn.number() - 100}] = rib.paths().asns(r.path).back().number();
            }
        }
        CHECK((found == expected));
    }
}
