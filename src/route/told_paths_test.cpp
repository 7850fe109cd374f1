#include "route/told_paths.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

void tell(Rib& rib, const Bytes& nlri, const std::vector<std::uint32_t>& path, std::uint32_t set = 0) {
    Bytes asns = path4(path);
    if (set != 0) { asns.add(path4({set}, 1)); }
    Bytes attributes;
    attributes.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, asns)).add(attribute(0x40, 3, Bytes().u32(1)));
    const Bytes body = update_of(Bytes(), attributes, nlri);
    bgp::Update update;
    bgp::read_update(body.view(), 4, false, update);
    rib.update({.time = {}, .form = MessageForm::bgp4mp, .peer = {.address = net::Address::v4(1), .asn = net::Asn(1)}, .update = &update});
}

}  // namespace

TEST_CASE("told paths: each way once, without repetitions and without those that end in a set or are gone") {
    Rib rib;
    tell(rib, Bytes().u8(8).u8(10), {1, 2, 2, 3});
    tell(rib, Bytes().u8(8).u8(11), {1, 2, 3});
    tell(rib, Bytes().u8(8).u8(12), {1, 4}, 5);
    tell(rib, Bytes().u8(8).u8(13), {1, 7});
    tell(rib, Bytes().u8(8).u8(13), {1, 8});
    rib.settle();
    const auto told = told_paths(rib);
    REQUIRE(told.size() == 2);
    CHECK(told[0] == std::vector<net::Asn>{net::Asn(1), net::Asn(2), net::Asn(3)});
    CHECK(told[1] == std::vector<net::Asn>{net::Asn(1), net::Asn(8)});
    const std::vector<AsLink> links{{net::Asn(1), net::Asn(2), Relation::peer}, {net::Asn(2), net::Asn(3), Relation::peer}};
    const auto graph = AsGraph::build(links);
    CHECK(in_graph(told, graph).size() == 1);
}
