#include "flow/store/manifest.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hw;
using namespace hw::flow::store;

TEST_CASE("manifest: write-aheads that are done with are read as they were written, and make it version 2 as long as there are any") {
    Manifest manifest;
    CHECK(render_manifest(manifest).starts_with("headwater store 1\n"));
    manifest.ahead = {"0005089-0000002a-0000-00000000.ahead", "0005089-0000002a-0001-00000007.ahead"};
    const std::string text = render_manifest(manifest);
    CHECK(text.starts_with("headwater store 2\n"));
    const auto back = parse_manifest(text, "x");
    REQUIRE(back);
    CHECK(*back == manifest);
}

TEST_CASE("manifest: no name of a write-ahead leads out of the store's folder") {
    CHECK(is_ahead_name("00ab-1.ahead"));
    for (const char* name : {".ahead", "../1.ahead", "/1.ahead", "A.ahead", "1.segment", "1.ahead.new", "1 2.ahead", "1"}) { CHECK_FALSE(is_ahead_name(name)); }
    Manifest manifest;
    manifest.ahead = {"../1.ahead"};
    CHECK_FALSE(parse_manifest(render_manifest(manifest), "x"));
}
