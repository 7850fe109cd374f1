#include "base/decibans.hpp"

#include <doctest/doctest.h>

using hw::Decibans;

TEST_CASE("decibans: ratios of ten are ten decibans, and back") {
    CHECK(Decibans::from_ratio(10).value() == doctest::Approx(10));
    CHECK(Decibans::from_ratio(1).value() == doctest::Approx(0));
    CHECK(Decibans::from_ratio(0.01).value() == doctest::Approx(-20));
    CHECK(Decibans(3).ratio() == doctest::Approx(1.9952623));
    CHECK(Decibans::from_nats(std::log(2.0)).value() == doctest::Approx(3.0103));
    for (double value = -60; value <= 60; value += 0.5) { CHECK(Decibans::from_ratio(Decibans(value).ratio()).value() == doctest::Approx(value)); }
}

TEST_CASE("decibans: independent weights add, and are ordered as their ratios") {
    CHECK(Decibans(7) + Decibans(5) == Decibans(12));
    CHECK(Decibans(7) - Decibans(5) == Decibans(2));
    CHECK(0.5 * Decibans(8) == Decibans(4));
    CHECK(Decibans(-1) < Decibans());
}
