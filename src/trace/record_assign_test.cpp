#include "trace/record_assign.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <cmath>

using namespace hw::trace;

namespace {
/// The marginals by going over all matchings.
std::vector<double> by_hand(const std::vector<PairOdds>& pairs, std::size_t ins, std::size_t outs) {
    std::vector<double> chance(pairs.size());
    double total = 0;
    for (unsigned chosen = 0; chosen < 1U << pairs.size(); ++chosen) {
        std::vector<int> in_used(ins);
        std::vector<int> out_used(outs);
        double weight = 1;
        for (std::size_t e = 0; e < pairs.size(); ++e) {
            if ((chosen >> e & 1U) == 0) { continue; }
            weight *= ++in_used[pairs[e].in] > 1 || ++out_used[pairs[e].out] > 1 ? 0 : pairs[e].odds;
        }
        total += weight;
        for (std::size_t e = 0; e < pairs.size(); ++e) {
            if ((chosen >> e & 1U) != 0) { chance[e] += weight; }
        }
    }
    for (auto& c : chance) { c /= total; }
    return chance;
}
}  // namespace

TEST_CASE("one-to-one: on a graph without cycles the chances are exact") {
    const std::vector<PairOdds> pairs{{0, 0, 4}, {0, 1, 0.5}, {1, 1, 2}, {1, 2, 9}, {2, 2, 1}};
    const auto chance = match_one_to_one(pairs, 3, 3);
    const auto exact = by_hand(pairs, 3, 3);
    for (std::size_t e = 0; e < pairs.size(); ++e) { CHECK(chance[e] == doctest::Approx(exact[e]).epsilon(1e-3)); }
}

TEST_CASE("one-to-one: with cycles they are near, and keep the order") {
    const std::vector<PairOdds> pairs{{0, 0, 4}, {0, 1, 3}, {0, 2, 0.1}, {1, 0, 0.5}, {1, 1, 2}, {1, 2, 2}, {2, 0, 1}, {2, 1, 1}, {2, 2, 8}};
    const auto chance = match_one_to_one(pairs, 3, 3);
    const auto exact = by_hand(pairs, 3, 3);
    for (std::size_t e = 0; e < pairs.size(); ++e) { CHECK(std::abs(chance[e] - exact[e]) < 0.08); }
}

TEST_CASE("one-to-one: a partner that fits another far better is left to it") {
    // In 0 likes out 0 a little more than out 1, but out 0 is in 1's beyond doubt.
    const auto chance = match_one_to_one(std::vector<PairOdds>{{0, 0, 3}, {0, 1, 2}, {1, 0, 1e6}}, 2, 2);
    CHECK(chance[1] > 0.6);
    CHECK(chance[0] < 0.01);
    CHECK(chance[2] > 0.99);
}

TEST_CASE("one-to-one: no flow's chances pass one, whatever the odds") {
    std::vector<PairOdds> pairs;
    for (std::uint32_t i = 0; i < 20; ++i) {
        for (std::uint32_t j = 0; j < 20; ++j) { pairs.push_back({i, j, std::pow(10.0, static_cast<double>((i * 7 + j * 13) % 40) - 20)}); }
    }
    const auto chance = match_one_to_one(pairs, 20, 20);
    for (std::size_t i = 0; i < 20; ++i) {
        CHECK(std::accumulate(chance.begin() + static_cast<std::ptrdiff_t>(20 * i), chance.begin() + static_cast<std::ptrdiff_t>(20 * i + 20), 0.0) <= 1 + 1e-9);
    }
    CHECK(match_one_to_one({}, 0, 0).empty());
}
