#include "net/registry/registry.hpp"

#include "net/registry/test_mmdb.hpp"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <utility>

using namespace hw;

namespace {

net::Delegations delegations(std::string_view text) {
    InputReport report;
    net::DelegationReader reader(report);
    REQUIRE(reader.feed(text));
    return std::move(reader).finish().value();
}

net::AsNames names(std::string_view text) {
    InputReport report;
    net::AsNameReader reader(report);
    REQUIRE(reader.feed(text));
    return std::move(reader).finish().value();
}

net::GeoTable table(const net::test::MmdbMaker& maker) {
    const std::string bytes = maker.bytes();
    MemoryBytes source(std::as_bytes(std::span(bytes)));
    return net::GeoTable::read(source).value();
}

net::Country country(const char* code) { return net::Country::parse(code).value(); }

}  // namespace

TEST_CASE("registry: geolocation is shown and does not settle a country") {
    net::Registry registry;
    net::test::MmdbMaker maker;
    maker.add(net::parse_prefix("192.0.2.0/24").value(), {net::test::MmdbValue::Map{{"country", {net::test::MmdbValue::Map{{"iso_code", {"KP"}}}}}}});
    maker.add(net::parse_prefix("203.0.113.0/24").value(), {net::test::MmdbValue::Map{{"country", {net::test::MmdbValue::Map{{"iso_code", {"KP"}}}}}}});
    registry.add("geo.mmdb", table(maker));
    registry.add("delegated", delegations("apnic|CN|ipv4|192.0.2.0|256|20091221|allocated\n"));
    const auto whose = registry.of(net::parse_address("192.0.2.9").value());
    CHECK(whose.country == country("CN"));
    CHECK(whose.basis == net::EvidenceKind::delegation);
    CHECK(whose.disagreement());
    REQUIRE(whose.evidence.size() == 2);
    CHECK(whose.evidence[0].kind == net::EvidenceKind::delegation);
    CHECK(whose.evidence[1].country == country("KP"));
    const auto guessed = registry.of(net::parse_address("203.0.113.9").value());
    CHECK_FALSE(guessed.country);
    CHECK(guessed.evidence.size() == 1);
    CHECK(registry.ranges_of(country("KP")).empty());
    CHECK(registry.country(net::parse_address("192.0.2.9").value()) == country("CN"));
}

TEST_CASE("registry: two registries that do not agree settle nothing, and both are shown") {
    net::Registry registry;
    registry.add("a", delegations("apnic|CN|ipv4|192.0.2.0|256|20091221|allocated\napnic|CN|asn|64500|1|20091221|allocated\n"));
    registry.add("b", delegations("ripencc|RU|ipv4|192.0.0.0|65536|20011221|allocated\nripencc|RU|asn|64500|1|20091221|allocated\n"));
    const auto whose = registry.of(net::parse_address("192.0.2.9").value());
    CHECK_FALSE(whose.country);
    CHECK_FALSE(whose.basis);
    CHECK(whose.disagreement());
    CHECK(whose.evidence.size() == 2);
    CHECK(whose.evidence[1].source == "b");
    CHECK_FALSE(registry.country(net::Asn(64'500)));
    CHECK(registry.ases_of(country("CN")).value().empty());
    CHECK(registry.of(net::parse_prefix("192.0.0.0/16").value()).evidence.size() == 2);
}

TEST_CASE("registry: a country's ASes are those of registries' records; names count where no registry speaks") {
    net::Registry registry;
    registry.add("delegated", delegations("apnic|KP|asn|64500|2|20091221|allocated\napnic|JP|asn|64510|1|20091221|allocated\napnic|KP|ipv6|2001:db8::|32|20091221|allocated\n"
                                          "apnic|KP|ipv4|192.0.2.0|256|20091221|allocated\n"));
    registry.add("names", names("asn,name,cc\nAS64501,Star,KP\nAS64510,Moved,KP\nAS64999,Only named,KP\n"));
    const auto ases = registry.ases_of(country("KP")).value();
    REQUIRE(ases.size() == 3);
    CHECK(ases[0].asn == net::Asn(64'500));
    CHECK(ases[1].evidence.kind == net::EvidenceKind::delegation);
    CHECK(ases[2].asn == net::Asn(64'999));
    CHECK(ases[2].evidence.kind == net::EvidenceKind::name);
    CHECK(registry.country(net::Asn(64'510)) == country("JP"));
    CHECK(registry.of(net::Asn(64'510)).disagreement());
    CHECK(registry.name(net::Asn(64'501)) == "Star");
    CHECK(registry.name(net::Asn(1)).empty());
    const auto ranges = registry.ranges_of(country("KP"));
    REQUIRE(ranges.size() == 2);
    CHECK(ranges[0].evidence.about == "192.0.2.0/24");
    CHECK(ranges[1].evidence.line == 3);
}

TEST_CASE("registry: a file that gives a country all AS numbers is refused, not counted through") {
    net::Registry registry;
    registry.add("bad", delegations("apnic|KP|asn|0|4294967296|20091221|allocated\n"));
    const auto ases = registry.ases_of(country("KP"));
    REQUIRE_FALSE(ases);
    CHECK(ases.error().code == Errc::limit);
    CHECK(ases.error().where == "bad:1");
}
