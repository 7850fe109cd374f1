#include "flow/store/bits.hpp"

#include <random>

#include <doctest/doctest.h>

namespace hw::flow::store {

TEST_CASE("bits: an exact division is the division, and tells what it does not divide") {
    std::mt19937_64 random(1);
    for (const std::uint64_t divisor : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1000}, std::uint64_t{4096}, std::uint64_t{1'000'000}, std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
        const ExactDivision by(divisor);
        CHECK(by.divides(0));
        CHECK(by(0) == 0);
        for (int i = 0; i < 1000; ++i) {
            const std::uint64_t n = random() >> (i % 64);
            CHECK(by.divides(n) == (n % divisor == 0));
            const std::uint64_t multiple = n / divisor * divisor;
            CHECK(by.divides(multiple));
            CHECK(by(multiple) == multiple / divisor);
        }
    }
}

}  // namespace hw::flow::store
