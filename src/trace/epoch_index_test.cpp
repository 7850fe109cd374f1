#include "trace/epoch_index.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

using namespace hw::trace;

namespace {

std::vector<Embedding> some_embeddings(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal(0, 28);
    std::vector<Embedding> out(n);
    for (auto& e : out) {
        for (auto& v : e) { v = static_cast<std::int8_t>(std::clamp(normal(random), -127.F, 127.F)); }
    }
    return out;
}

std::int32_t product(const Embedding& x, const Embedding& y) {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < kEmbeddingSize; ++k) { sum += int{x[k]} * int{y[k]}; }
    return sum;
}

}  // namespace

TEST_CASE("epoch index: allowed to look at everything, it finds what going through all would find") {
    const auto all = some_embeddings(3000, 1);
    const EpochIndex index(all);
    CHECK(index.size() == 3000);
    for (const auto& query : some_embeddings(20, 2)) {
        std::vector<EpochIndex::Found> expected;
        for (std::uint32_t i = 0; i < all.size(); ++i) { expected.push_back({product(query, all[i]), i}); }
        std::ranges::sort(expected, [](const auto& x, const auto& y) { return x.score != y.score ? x.score > y.score : x.place < y.place; });
        expected.resize(10);
        CHECK(index.search(query, 1 << 30, 10) == expected);
    }
}

TEST_CASE("epoch index: a near copy is found by looking at a small part") {
    const auto all = some_embeddings(20'000, 3);
    const EpochIndex index(all);
    std::size_t found = 0;
    for (std::uint32_t i = 0; i < 200; ++i) {
        Embedding query = all[i * 97];
        for (std::size_t k = 0; k < 24; ++k) { query[(k * 5 + i) % kEmbeddingSize] = 0; }
        const auto best = index.search(query, 4000, 1);
        found += !best.empty() && best.front().place == i * 97 ? 1U : 0U;
    }
    CHECK(found >= 190);
}

TEST_CASE("epoch index: many alike, one, or none at all do not upset it") {
    const std::vector<Embedding> alike(2000, Embedding{1, 2, 3});
    const EpochIndex index(alike);
    const auto best = index.search(Embedding{1}, 1 << 20, 5);
    REQUIRE(best.size() == 5);
    CHECK(best.front() == EpochIndex::Found{1, 0});
    CHECK(best.back() == EpochIndex::Found{1, 4});
    CHECK(EpochIndex(std::span<const Embedding>{}).search(Embedding{1}, 100, 5).empty());
    CHECK(EpochIndex(std::span(alike).first(1)).search(Embedding{1}, 100, 5).size() == 1);
    CHECK(index.search(Embedding{1}, 100, 0).empty());
}
