#include "flow/read/recent_keys.hpp"

#include <doctest/doctest.h>

#include <random>

namespace {

using hw::flow::read::RecentKeys;

TEST_CASE("recent keys: the last ones are all remembered, and those before twice as many are forgotten") {
    constexpr std::size_t kMost = 5000;
    RecentKeys keys(kMost);
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> given;
    std::size_t forgotten_early = 0;
    std::size_t kept_late = 0;
    for (std::size_t i = 0; i < 40'000; ++i) {
        given.push_back(i == 0 ? 0 : random());
        keys.add(given.back());
        if (i % 501 != 0) { continue; }
        for (std::size_t back = 1; back <= given.size(); back += 97) {
            const bool has = keys.has(given[given.size() - back]);
            forgotten_early += back <= kMost && !has ? 1U : 0U;
            kept_late += back > 2 * kMost && has ? 1U : 0U;
        }
    }
    CHECK(forgotten_early == 0);
    CHECK(kept_late == 0);
    CHECK_FALSE(keys.has(12345));
}

}  // namespace
