#include "route/bgp/as_path.hpp"

#include "route/test_messages.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::route::bgp;
using namespace hw::route::testing;

namespace {

AsPath read(const Bytes& bytes, std::size_t width) {
    AsPath path;
    REQUIRE(read_as_path(bytes.view(), width, path));
    return path;
}

}  // namespace

TEST_CASE("as path: sequences, sets and confederations read as they are written") {
    Bytes bytes;
    bytes.add(path4({64'512, 64'513}, 3)).add(path4({64'514, 64'515}, 4)).add(path4({4'200'000'000, 64'500})).add(path4({64'501, 64'502}, 1));
    const AsPath path = read(bytes, 4);
    CHECK(to_string(path) == "(64512 64513) [64514,64515] 4200000000 64500 {64501,64502}");
    CHECK(path.length() == 3);
    CHECK_FALSE(path.origin());
    CHECK(read(path2({64'500, 64'501}), 2).origin() == net::Asn(64'501));
    CHECK(to_string(read(Bytes(), 4)).empty());
}

TEST_CASE("as path: a sequence in two segments is one sequence") {
    Bytes bytes;
    bytes.add(path4({1, 2})).add(path4({3}));
    CHECK(read(bytes, 4).segments.size() == 1);
    CHECK(to_string(read(bytes, 4)) == "1 2 3");
}

TEST_CASE("as path: unknown kinds, empty segments and cut ones are malformed") {
    AsPath path;
    for (const Bytes& bad : {path4({1}, 5), path4({1}, 0), path4({}), Bytes().u8(2), Bytes().u8(2).u8(2).u32(1)}) {
        CHECK_FALSE(read_as_path(bad.view(), 4, path));
        CHECK_FALSE(is_as_path(bad.view(), 4));
    }
}

TEST_CASE("as path: what two bytes could not hold is put in from AS4_PATH (RFC 6793, 4.2.3)") {
    const AsPath two = read(path2({10, 23'456, 23'456, 30}), 2);
    CHECK(to_string(merged(two, read(path4({100'000, 200'000, 30}), 4))) == "10 100000 200000 30");
    CHECK(to_string(merged(two, read(path4({1, 2, 3, 4, 5}), 4))) == "10 23456 23456 30");  // longer than the path itself: it is not believed
    CHECK(to_string(merged(two, AsPath{})) == "10 23456 23456 30");
    Bytes with_set;
    with_set.add(path2({10, 20})).add(path2({23'456, 40}, 1));
    Bytes true_set;
    true_set.add(path4({20})).add(path4({100'000, 40}, 1));
    CHECK(to_string(merged(read(with_set, 2), read(true_set, 4))) == "10 20 {100000,40}");
    Bytes confederated;
    confederated.add(path4({64'512}, 3)).add(path4({100'000}));
    CHECK(to_string(merged(read(path2({23'456}), 2), read(confederated, 4))) == "100000");
}
