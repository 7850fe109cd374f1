#include "bounded_delay.hpp"

#include <doctest/doctest.h>

using namespace hw::bench;

TEST_CASE("bounded_delay: the greedy match pairs in order within the bound and leaves chaff over") {
    CHECK(match_within({1, 2, 3}, {1.5, 2.5, 3.5}, 1) == 3);
    CHECK(match_within({1, 2, 3}, {0.5, 1.5, 2.1, 2.5, 3.5}, 1) == 3);
    CHECK(match_within({1, 2, 3}, {2.5, 3.5, 9}, 1) == 2);
    CHECK(match_within({1, 2}, {0.5, 0.9}, 1) == 0);
    CHECK(match_within({}, {1}, 1) == 0);
}

TEST_CASE("bounded_delay: a perfect relay has no chaff, commands go one way and answers the other") {
    const Cut up{{1, 2, 3}, {1.4, 2.4, 3.4}, {}, {}, 10};
    const Cut down{{1.1, 2.1, 3.1}, {1.3, 2.3, 3.3}, {}, {}, 10};
    CHECK(bounded_delay_score(up, down, 0.5) == doctest::Approx(1));
    CHECK(bounded_delay_score(down, up, 0.5) == doctest::Approx(0));
    CHECK(bounded_delay_score(Cut{}, Cut{}, 0.5) == 0);
}

TEST_CASE("maximum_variation: the packets a relay must have held at once") {
    CHECK(maximum_variation({1, 2, 3}, {1.5, 2.5, 3.5}) == 1);
    CHECK(maximum_variation({1, 2, 3}, {4, 5, 6}) == 3);
    CHECK(maximum_variation({1}, {0.1, 0.2, 0.3}) == 3);
    const Cut up{{1, 2, 3, 4}, {}, {}, {}, 10};
    const Cut down{{1.1, 2.1, 3.1, 4.1}, {}, {}, {}, 10};
    CHECK(maximum_variation_score(up, down) == doctest::Approx((1 - 0.25) / 2));
}
