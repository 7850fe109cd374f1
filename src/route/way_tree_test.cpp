#include "route/way_tree.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

void tell(Rib& rib, std::uint32_t peer, const Bytes& nlri, const std::vector<std::uint32_t>& path) {
    Bytes attributes;
    attributes.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4(path))).add(attribute(0x40, 3, Bytes().u32(1)));
    const Bytes body = update_of(Bytes(), attributes, nlri);
    bgp::Update update;
    bgp::read_update(body.view(), 4, false, update);
    rib.update({.time = {}, .form = MessageForm::bgp4mp, .peer = {.address = net::Address::v4(peer), .asn = net::Asn(peer)}, .update = &update});
}

std::vector<Rib::PrefixId> all(const Rib& rib) {
    std::vector<Rib::PrefixId> ids;
    for (Rib::PrefixId id = 0; id < rib.prefixes(); ++id) { ids.push_back(id); }
    return ids;
}

}  // namespace

TEST_CASE("way tree: shares add up from the routers to the target, the greatest branch first") {
    Rib rib;
    const std::vector<net::Asn> own{net::Asn(9)};
    const Bytes ten = Bytes().u8(24).u8(10).u8(0).u8(0), other = Bytes().u8(24).u8(10).u8(0).u8(1);
    for (const std::uint32_t peer : {1U, 2U}) {
        tell(rib, peer, ten, {peer, 7, 9});
        tell(rib, peer, other, {peer, 8, 9, 9});
    }
    tell(rib, 3, ten, {3, 7, 9});
    tell(rib, 3, other, {3, 7, 9});
    rib.settle();
    const auto tree = way_tree(rib, all(rib), own);
    CHECK(tree.peer_ases == 3);
    REQUIRE(tree.places.size() == 8);
    CHECK(tree.places[0].asn == net::Asn());
    CHECK(std::abs(tree.places[0].share - 1) < 1e-12);
    CHECK(tree.places[1].asn == net::Asn(7));
    CHECK(std::abs(tree.places[1].share - 2.0 / 3) < 1e-12);
    CHECK(tree.places[2].asn == net::Asn(3));
    CHECK(tree.places[2].parent == 1);
    CHECK(std::abs(tree.places[2].ends - 1.0 / 3) < 1e-12);
    for (std::size_t i = 0; i < tree.places.size(); ++i) {
        double below = tree.places[i].ends;
        for (std::size_t j = 1; j < tree.places.size(); ++j) { below += tree.places[j].parent == i ? tree.places[j].share : 0; }
        CHECK(std::abs(below - tree.places[i].share) < 1e-12);
    }
}

TEST_CASE("way tree: small branches and those beyond the most are left out, parents never") {
    Rib rib;
    for (std::uint32_t peer = 1; peer <= 50; ++peer) { tell(rib, peer, Bytes().u8(24).u8(10).u8(0).u8(0), {peer, peer < 49 ? 7U : 8U, 9}); }
    rib.settle();
    const std::vector<net::Asn> own{net::Asn(9)};
    const auto few = way_tree(rib, all(rib), own, {.least = 0, .most = 10});
    CHECK(few.places.size() == 10);
    for (std::size_t i = 1; i < few.places.size(); ++i) { CHECK(few.places[i].parent < i); }
    const auto large = way_tree(rib, all(rib), own, {.least = 0.03, .most = 100});
    CHECK(large.places.size() == 3);
    CHECK(way_tree(Rib(), {}, own).places.size() == 1);
}
