#include "trace/multiple_testing.hpp"

#include <doctest/doctest.h>

using hw::trace::q_values;

TEST_CASE("multiple testing: Benjamini-Yekutieli q-values of four pairs, worked by hand") {
    // c(4) = 1 + 1/2 + 1/3 + 1/4 = 25/12; m·c = 25/3. p/rank sorted: .001/1, .008/2, .03/3, .5/4.
    const std::vector<double> p{0.03, 0.001, 0.5, 0.008};
    const auto q = q_values(p);
    CHECK(q[1] == doctest::Approx(0.001 * 25 / 3));
    CHECK(q[3] == doctest::Approx(0.004 * 25 / 3));
    CHECK(q[0] == doctest::Approx(0.01 * 25 / 3));
    CHECK(q[2] == 1);
}

TEST_CASE("multiple testing: a worse pair never has the better q, and a better one profits from those behind it") {
    // m·c(3) = 5.5; raw: .01·5.5 = .055, .011·5.5/2 = .03025, .012·5.5/3 = .022: all three are .022.
    const std::vector<double> p{0.01, 0.011, 0.012};
    for (const double q : q_values(p)) { CHECK(q == doctest::Approx(0.022)); }
}

TEST_CASE("multiple testing: one pair keeps its p, none gives none") {
    const std::vector<double> one{0.02};
    CHECK(q_values(one).front() == doctest::Approx(0.02));
    CHECK(q_values({}).empty());
}

TEST_CASE("multiple testing: pairs that are not at hand count with a p of one") {
    const std::vector<double> few{0.001, 0.008};
    const auto q = q_values(few, 4);
    CHECK(q[0] == doctest::Approx(0.001 * 25 / 3));
    CHECK(q[1] == doctest::Approx(0.004 * 25 / 3));
    std::vector<double> many(5000, 1);
    many[0] = 1e-7;
    const std::vector<double> first{1e-7};
    CHECK(q_values(first, 5000)[0] == doctest::Approx(q_values(many)[0]).epsilon(1e-12));
    double harmonic = 0;
    for (int k = 5000; k > 0; --k) { harmonic += 1.0 / k; }
    CHECK(q_values(many)[0] == doctest::Approx(1e-7 * 5000 * harmonic).epsilon(1e-12));
}
