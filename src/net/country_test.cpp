#include "net/country.hpp"

#include <doctest/doctest.h>

#include <string>

using hw::Errc;
using hw::net::Country;

TEST_CASE("country: of all texts of two bytes, two letters are taken and nothing else") {
    int taken = 0;
    int assigned = 0;
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            const std::string text = {static_cast<char>(a), static_cast<char>(b)};
            const auto country = Country::parse(text);
            if (!country) { continue; }
            ++taken;
            REQUIRE(Country::parse(country->code()) == *country);
            if (country->is_assigned() && country->code() == text) { ++assigned; }
        }
    }
    CHECK(taken == 52 * 52);
    CHECK(assigned == 249);
}

TEST_CASE("country: codes are capital letters, unknown is ZZ") {
    CHECK(to_string(Country::parse("kp").value()) == "KP");
    CHECK(Country().code() == "ZZ");
    CHECK_FALSE(Country().known());
    CHECK_FALSE(Country::parse("EU").value().is_assigned());
    CHECK(Country::parse("CM").value().is_assigned());
    CHECK(Country::parse("BO").value() < Country::parse("CN").value());
}

TEST_CASE("country: another length is refused") {
    for (const char* text : {"", "K", "PRK", "K ", "1A"}) { CHECK(Country::parse(text).error().code == Errc::malformed); }
}
