#include "simple_rivals.hpp"

#include <doctest/doctest.h>

using namespace hw::bench;

namespace {
Cut cut_of(std::vector<double> commands, std::vector<double> answers, double length_s = 10) {
    return {std::move(commands), std::move(answers), {}, {}, length_s};
}
}  // namespace

TEST_CASE("second_bins: a flow correlates fully with itself and a flat one with nothing") {
    const auto a = second_bins(cut_of({0.1, 0.2, 3.5, 7.1}, {0.3, 4.2}));
    CHECK(second_bin_score(a, a) == doctest::Approx(1));
    const auto flat = second_bins(cut_of({}, {}));
    CHECK(second_bin_score(a, flat) == 0);
    const auto shifted = second_bins(cut_of({1.1, 1.2, 4.5, 8.1}, {1.3, 5.2}));
    CHECK(second_bin_score(a, shifted) < 0.2);
}

TEST_CASE("gap_cosine: the same gaps give 1 however late, too few gaps give 0") {
    std::vector<double> times;
    std::vector<double> late;
    for (int k = 0; k < 20; ++k) {
        times.push_back(0.1 * k * k);
        late.push_back(0.1 * k * k + 5);
    }
    CHECK(gap_cosine(first_gaps(cut_of(times, times)), first_gaps(cut_of(late, late))) == doctest::Approx(1));
    CHECK(gap_cosine(first_gaps(cut_of({1, 2}, {1, 2})), first_gaps(cut_of({1, 2}, {1, 2}))) == 0);
}

TEST_CASE("counts: every packet is in its bin, the last bin may be short") {
    CHECK(counts({0, 0.9, 1, 2.4}, 2.5, 1) == std::vector<double>{2, 1, 1});
    CHECK(counts({3, 7}, 2.5, 1) == std::vector<double>{0, 0, 0});
}
