#include "route/bgp/update.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::route::bgp;
using namespace hw::route::testing;

namespace {

Update read(const Bytes& body, std::size_t width = 4, bool paths = false) {
    Update update;
    read_update(body.view(), width, paths, update);
    return update;
}

const Bytes kTen = Bytes().u8(8).u8(10);

Fate fate_with(const Bytes& one_more) { return read(update_of(Bytes(), usual_attributes().add(one_more), kTen)).fate; }

}  // namespace

TEST_CASE("update: what is announced, withdrawn, and how") {
    Bytes attributes = usual_attributes();
    attributes.add(attribute(0x80, 4, Bytes().u32(50))).add(attribute(0x40, 5, Bytes().u32(200))).add(attribute(0x40, 6, Bytes())).add(attribute(0xc0, 7, Bytes().u32(64'501).u32(0xc000'0209)));
    attributes.add(attribute(0xc0, 8, Bytes().u32(0xfde8'0064).u32(0xffff'ff01))).add(attribute(0xc0, 35, Bytes().u32(64'500)));
    const Bytes body = update_of(Bytes().u8(16).u16(0xac10), attributes, kTen);
    const Update u = read(body);
    CHECK(u.fate == Fate::good);
    CHECK(u.attributes.origin == Origin::igp);
    CHECK(u.attributes.next_hop == net::Address::v4(0xc000'0201));
    CHECK(u.attributes.med == 50);
    CHECK(u.attributes.local_preference == 200);
    CHECK(u.attributes.atomic_aggregate);
    CHECK(u.attributes.aggregator == Aggregator{net::Asn(64'501), net::Address::v4(0xc000'0209)});
    CHECK(u.attributes.communities.size() == 8);
    CHECK(u.attributes.only_to_customer == net::Asn(64'500));
    std::string seen;
    u.each_withdrawn([&](const Nlri& r) { seen += "-" + net::to_string(r.prefix); });
    u.each_announced([&](const Nlri& r) { seen += "+" + net::to_string(r.prefix); });
    CHECK(seen == "-172.16.0.0/16+10.0.0.0/8");
}

TEST_CASE("update: routes of IPv6 with their next hop, the global one (RFC 2545)") {
    Bytes attributes;
    Bytes reach;
    reach.u16(2).u8(1).u8(32).u64(0x2001'0db8'0000'0000).u64(1).u64(0xfe80'0000'0000'0000).u64(1).u8(0).u8(32).u32(0x2001'0db8);
    attributes.add(attribute(0x40, 1, Bytes().u8(2))).add(attribute(0x40, 2, path4({64'500}))).add(attribute(0x80, 14, reach)).add(attribute(0x80, 15, Bytes().u16(2).u8(1).u8(0)));
    const Bytes body = update_of(Bytes(), attributes, Bytes());
    const Update u = read(body);
    CHECK(u.fate == Fate::good);
    CHECK(net::to_string(u.attributes.any_next_hop().value()) == "2001:db8::1");
    std::string seen;
    u.each_withdrawn([&](const Nlri& r) { seen += "-" + net::to_string(r.prefix); });
    u.each_announced([&](const Nlri& r) { seen += "+" + net::to_string(r.prefix); });
    CHECK(seen == "-::/0+2001:db8::/32");
}

TEST_CASE("update: malformed attributes decide as RFC 7606 says") {
    CHECK(fate_with(Bytes()) == Fate::good);
    CHECK(fate_with(attribute(0x80, 4, Bytes().u16(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0x40, 5, Bytes().u8(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0xc0, 8, Bytes().u16(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0xc0, 8, Bytes())) == Fate::withdraw);
    CHECK(fate_with(attribute(0xc0, 16, Bytes().u32(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0xc0, 32, Bytes().u64(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0xc0, 35, Bytes().u8(1))) == Fate::withdraw);
    CHECK(fate_with(attribute(0x40, 6, Bytes().u8(1))) == Fate::discard);
    CHECK(fate_with(attribute(0xc0, 7, Bytes().u32(1))) == Fate::discard);
    CHECK(fate_with(attribute(0x80, 9, Bytes().u8(1))) == Fate::discard);
    CHECK(fate_with(attribute(0x80, 10, Bytes().u8(1))) == Fate::discard);
    CHECK(fate_with(attribute(0x40, 1, Bytes().u8(0))) == Fate::discard);   // comes twice: the first counts
    CHECK(fate_with(attribute(0xe0, 99, Bytes().u8(0))) == Fate::good);     // unknown ones are carried on
    CHECK(fate_with(Bytes().u8(0x40)) == Fate::withdraw);                   // ends inside one
    CHECK(fate_with(Bytes().u8(0xc0).u8(8).u8(200).u32(1)) == Fate::withdraw);
    const Bytes reach = attribute(0x80, 14, Bytes().u16(2).u8(1).u8(16).u64(1).u64(1).u8(0));
    CHECK(fate_with(Bytes().add(reach).add(reach)) == Fate::reset);
    CHECK(fate_with(attribute(0x80, 14, Bytes().u16(2).u8(1).u8(200))) == Fate::reset);
    CHECK(fate_with(attribute(0x80, 15, Bytes().u16(2))) == Fate::reset);
}

TEST_CASE("update: flags of another type, values that cannot be and missing mandatory attributes make a withdrawal") {
    const auto fate_of = [](const Bytes& attributes) { return read(update_of(Bytes(), attributes, kTen)).fate; };
    const Bytes path = attribute(0x40, 2, path4({64'500}));
    const Bytes hop = attribute(0x40, 3, Bytes().u32(1));
    CHECK(fate_of(Bytes().add(attribute(0xc0, 1, Bytes().u8(0))).add(path).add(hop)) == Fate::withdraw);
    CHECK(fate_of(Bytes().add(attribute(0x40, 1, Bytes().u8(3))).add(path).add(hop)) == Fate::withdraw);
    CHECK(fate_of(Bytes().add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({1}, 9))).add(hop)) == Fate::withdraw);
    CHECK(fate_of(Bytes().add(attribute(0x40, 1, Bytes().u8(0))).add(path)) == Fate::withdraw);
    CHECK(fate_of(Bytes().add(path).add(hop)) == Fate::withdraw);
    CHECK(read(update_of(kTen, Bytes(), Bytes())).fate == Fate::good);  // a withdrawal needs none
}

TEST_CASE("update: one that ends inside a field is not used, prefixes before a malformed one are") {
    CHECK(read(Bytes().u8(0)).fate == Fate::reset);
    CHECK(read(Bytes().u16(9).u8(0)).fate == Fate::reset);
    CHECK(read(Bytes().u16(0).u16(9).u8(0)).fate == Fate::reset);
    Bytes routes = kTen;
    routes.u8(40);
    const Bytes body = update_of(Bytes(), usual_attributes(), routes);
    const Update u = read(body);
    CHECK(u.fate == Fate::discard);
    CHECK(u.why == "an announced prefix is malformed");
    int seen = 0;
    u.each_announced([&](const Nlri&) { ++seen; });
    CHECK(seen == 1);
}

TEST_CASE("update: path identifiers that nobody announced are noticed") {
    const Bytes with_paths = update_of(Bytes(), usual_attributes(), Bytes().u32(1).u8(24).u16(0xac10).u8(0).u32(2).u8(24).u16(0xac10).u8(0));
    CHECK(has_untold_paths(read(with_paths)));
    CHECK_FALSE(has_untold_paths(read(with_paths, 4, true)));
    CHECK_FALSE(has_untold_paths(read(update_of(Bytes(), usual_attributes(), kTen))));
    CHECK_FALSE(has_untold_paths(read(update_of(Bytes(), usual_attributes(), Bytes().u8(0)))));
}

TEST_CASE("update: old speakers' numbers are put right unless the aggregator says that they were lost") {
    Bytes attributes;
    attributes.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path2({10, 23'456}))).add(attribute(0x40, 3, Bytes().u32(1))).add(attribute(0xc0, 17, path4({100'000})));
    AsPath path;
    const Bytes body = update_of(Bytes(), attributes, kTen);
    read(body, 2).attributes.as_path(path);
    CHECK(to_string(path) == "10 100000");
    Bytes with_aggregator = attributes;
    with_aggregator.add(attribute(0xc0, 7, Bytes().u16(23'456).u32(9))).add(attribute(0xc0, 18, Bytes().u32(100'000).u32(9)));
    const Bytes body2 = update_of(Bytes(), with_aggregator, kTen);
    const Update u2 = read(body2, 2);
    CHECK(u2.attributes.aggregator->asn == net::Asn(100'000));
    Bytes other = attributes;
    other.add(attribute(0xc0, 7, Bytes().u16(10).u32(9))).add(attribute(0xc0, 18, Bytes().u32(100'000).u32(9)));
    const Bytes body3 = update_of(Bytes(), other, kTen);
    const Update u3 = read(body3, 2);
    u3.attributes.as_path(path);
    CHECK(to_string(path) == "10 23456");
    CHECK(u3.attributes.aggregator->asn == net::Asn(10));
}
