#include "app/output/json_parts.hpp"

#include <cmath>
#include <doctest/doctest.h>
#include <limits>

using namespace hw;
using namespace hw::app::output;

TEST_CASE("json parts: chances are written to six significant digits, weights to a hundredth of a deciban") {
    CHECK(rounded(0.99972319752676337) == 0.999723);
    CHECK(rounded(1.000087744269866e-06) == 1.00009e-06);
    CHECK(rounded(1.0) == 1.0);
    CHECK(rounded(123456.7) == 123457);
    CHECK(rounded(Decibans(37.48907622599247)) == 37.49);
    CHECK(rounded(Decibans(-0.004)) == 0);
}

TEST_CASE("json parts: what is too small to matter is nought, what is no number stays none, which JSON writes as null") {
    CHECK(rounded(0.0) == 0);
    CHECK(rounded(5e-324) == 0);
    CHECK(std::isnan(rounded(std::numeric_limits<double>::quiet_NaN())));
}
