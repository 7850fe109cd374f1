#include "net/registry/geo_table.hpp"

#include "net/registry/test_mmdb.hpp"

#include <doctest/doctest.h>

#include <span>
#include <string>

using namespace hw;

namespace {

Result<net::GeoTable> table_of(const std::string& bytes) {
    MemoryBytes source(std::as_bytes(std::span(bytes)), 100);
    return net::GeoTable::read(source);
}

net::Address address(const char* text) { return net::parse_address(text).value(); }

std::string sound() {
    net::test::MmdbMaker maker;
    maker.add(net::parse_prefix("192.0.2.0/24").value(), {net::test::MmdbValue::Map{{"country", {net::test::MmdbValue::Map{{"iso_code", {"FR"}}}}}}});
    maker.add(net::parse_prefix("192.0.2.128/25").value(), {net::test::MmdbValue::Map{{"autonomous_system_number", {64'500U}}, {"autonomous_system_organization", {"Example Net"}}}});
    maker.add(net::parse_prefix("2001:db8::/32").value(), {net::test::MmdbValue::Map{{"country_code", {"KE"}}, {"asn", {"AS64501"}}, {"as_name", {"Example Six"}}}});
    return maker.bytes();
}

}  // namespace

TEST_CASE("geo table: rows of both families and both spellings, with the network they are about") {
    const auto table = table_of(sound());
    REQUIRE(table);
    CHECK(table->type() == "Test-Country");
    CHECK(table->date() == 20'141'222);
    const auto low = table->find(address("192.0.2.1")).value();
    REQUIRE(low);
    CHECK(net::to_string(low->network) == "192.0.2.0/25");
    CHECK(low->country == net::Country::parse("FR").value());
    CHECK_FALSE(low->asn);
    const auto high = table->find(address("192.0.2.200")).value();
    REQUIRE(high);
    CHECK(high->asn == net::Asn(64'500));
    CHECK(high->name == "Example Net");
    CHECK_FALSE(high->country);
    const auto six = table->find(address("2001:db8::1")).value();
    REQUIRE(six);
    CHECK(net::to_string(six->network) == "2001:db8::/32");
    CHECK(six->asn == net::Asn(64'501));
    CHECK(six->country == net::Country::parse("KE").value());
    CHECK_FALSE(table->find(address("198.51.100.1")).value());
}

TEST_CASE("geo table: what is none is refused with a way out") {
    for (const std::string& bytes : {std::string(), std::string("hello"), sound().substr(0, sound().size() - 60), sound().substr(60)}) {
        const auto table = table_of(bytes);
        if (!table) {
            CHECK(table.error().code == Errc::malformed);
            CHECK_FALSE(table.error().hint.empty());
        }
    }
    CHECK_FALSE(table_of("hello"));
}

TEST_CASE("geo table: every single damaged byte ends in an answer or an error") {
    const std::string good = sound();
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (const char with : {'\xff', '\x00', '\x7f'}) {
            std::string bad = good;
            bad[i] = with;
            const auto table = table_of(bad);
            if (!table) { continue; }
            static_cast<void>(table->find(address("192.0.2.1")));
            static_cast<void>(table->find(address("192.0.2.200")));
            static_cast<void>(table->find(address("2001:db8::1")));
            static_cast<void>(table->find(address("2001:db9::1")));
        }
    }
}
