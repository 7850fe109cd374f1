#include "trace/record_match.hpp"

#include <doctest/doctest.h>

using namespace hw::trace;

namespace {
std::vector<RecordFeatures> unrelated() {
    std::vector<RecordFeatures> all;
    for (int i = -20; i <= 20; ++i) { all.push_back({7.3 * i, -11.1 * i, 0.21 * i, -0.17 * i}); }
    return all;
}
}  // namespace

TEST_CASE("record: a prompt proxy with equal bytes weighs strongly for a link") {
    CHECK(match_records({0.05, 0.01, 0.0, 0.0}, unrelated(), 300).total().value() > 25);
}

TEST_CASE("record: flows that share nothing weigh against one") {
    CHECK(match_records({-100, 150, 3.5, -3.5}, unrelated(), 300).total().value() < -5);
}

TEST_CASE("record: with hardly any unrelated pairs to compare with, the weight stays finite and smaller") {
    const auto many = match_records({0.05, 0.01, 0.0, 0.0}, unrelated(), 300).total();
    const auto none = match_records({0.05, 0.01, 0.0, 0.0}, {}, 300).total();
    CHECK(none.value() > 0);
    CHECK(none.value() < many.value() + 40);
}

TEST_CASE("record: a host whose flows all start together learns that this means little") {
    std::vector<RecordFeatures> together(40, {0.05, 30, 1, 1});
    CHECK(match_records({0.05, 30, 1, 1}, together, 300).total() < match_records({0.05, 30, 1, 1}, unrelated(), 300).total());
}
