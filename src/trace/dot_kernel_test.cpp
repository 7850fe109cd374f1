#include "trace/dot_kernel.hpp"

#include <doctest/doctest.h>
#include <random>
#include <string>

using namespace hw::trace;

namespace {

std::vector<std::int8_t> some_values(std::size_t n, std::uint64_t seed, int most = 127) {
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<int> value(-most, most);
    std::vector<std::int8_t> values(n);
    for (auto& v : values) { v = static_cast<std::int8_t>(value(random)); }
    return values;
}

}  // namespace

TEST_CASE("dot kernel: every kernel gives the same whole numbers as the plain sum, at every number of lags") {
    for (const std::size_t terms : {kDotBlock, 3 * kDotBlock, 19 * kDotBlock}) {
        for (const std::size_t lags : {1U, 3U, 4U, 8U, 13U, 49U}) {
            const auto a = some_values(terms, terms);
            const auto b = some_values(terms + lags - 1, lags);
            std::vector<std::int32_t> expected(lags);
            for (std::size_t l = 0; l < lags; ++l) {
                for (std::size_t k = 0; k < terms; ++k) { expected[l] += int{a[k]} * int{b[k + l]}; }
            }
            for (const auto& kernel : dot_kernels()) {
                CAPTURE(std::string(kernel.name));
                std::vector<std::int32_t> sums(lags, -1);
                kernel.correlate(a.data(), b.data(), terms, lags, sums.data());
                CHECK(sums == expected);
            }
        }
    }
}

TEST_CASE("dot kernel: the largest values of either sign saturate nowhere") {
    const std::size_t terms = 2 * kDotBlock;
    for (const int x : {-127, 127}) {
        for (const int y : {-127, 127}) {
            const std::vector<std::int8_t> a(terms, static_cast<std::int8_t>(x));
            const std::vector<std::int8_t> b(terms, static_cast<std::int8_t>(y));
            for (const auto& kernel : dot_kernels()) {
                CAPTURE(std::string(kernel.name));
                std::int32_t sum = 0;
                kernel.correlate(a.data(), b.data(), terms, 1, &sum);
                CHECK(sum == x * y * static_cast<int>(terms));
            }
        }
    }
}

TEST_CASE("dot kernel: every kernel gives each row of every block its plain sum") {
    constexpr std::size_t kBlocks = 7;
    for (const int most : {127, 30}) {
        auto query = some_values(kDotRow, 5, most);
        query[3] = -127;
        query[4] = 127;
        const auto rows = some_values(kBlocks * kRowsABlock * kDotRow, 6, most);
        std::vector<std::int32_t> expected(kBlocks * kRowsABlock);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::int8_t* block = rows.data() + i / kRowsABlock * kRowsABlock * kDotRow;
            for (std::size_t k = 0; k < kDotRow; ++k) { expected[i] += int{query[k]} * int{block[k / 4 * 64 + 4 * (i % kRowsABlock) + k % 4]}; }
        }
        for (const auto& kernel : dot_kernels()) {
            CAPTURE(std::string(kernel.name));
            std::vector<std::int32_t> sums(expected.size(), -1);
            kernel.rows(query.data(), rows.data(), kBlocks, sums.data());
            CHECK(sums == expected);
        }
    }
}

TEST_CASE("dot kernel: no term that is allowed can overflow the sum") {
    CHECK(static_cast<std::int64_t>(kMostTerms) * 127 * 127 <= INT32_MAX);
    CHECK(padded_terms(1) == kDotBlock);
    CHECK(padded_terms(kDotBlock) == kDotBlock);
    CHECK(dot_kernel().name == dot_kernels().back().name);
}
