#include "route/origin_table.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hw;
using namespace hw::route;
using namespace hw::route::testing;

namespace {

void tell(Rib& rib, std::uint32_t router, const Bytes& nlri, const std::vector<std::uint32_t>& path) {
    Bytes attributes;
    attributes.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4(path))).add(attribute(0x40, 3, Bytes().u32(1)));
    const Bytes body = update_of(Bytes(), attributes, nlri);
    bgp::Update update;
    bgp::read_update(body.view(), 4, false, update);
    rib.update({.time = {}, .form = MessageForm::bgp4mp, .peer = {.address = net::Address::v4(router), .asn = net::Asn(router)}, .update = &update});
}

}  // namespace

TEST_CASE("origin table: the origin that most routers name for the longest prefix; nothing where they are split") {
    Rib rib;
    const Bytes ten = Bytes().u8(8).u8(10), part = Bytes().u8(16).u8(10).u8(1), split = Bytes().u8(16).u8(10).u8(2);
    for (const std::uint32_t router : {1U, 2U, 3U}) { tell(rib, router, ten, {router, 9}); }
    tell(rib, 1, part, {1, 8});
    tell(rib, 2, part, {2, 8});
    tell(rib, 3, part, {3, 7});
    tell(rib, 1, split, {1, 8});
    tell(rib, 2, split, {2, 7});
    rib.settle();
    const auto table = OriginTable::build(rib);
    REQUIRE(table);
    CHECK(table->find(net::Address::v4(0x0a09'0000)) == net::Asn(9));
    CHECK(table->find(net::Address::v4(0x0a01'0001)) == net::Asn(8));
    CHECK_FALSE(table->find(net::Address::v4(0x0a02'0001)));
    CHECK_FALSE(table->find(net::Address::v4(0x0b00'0001)));
}
