#include "on_off.hpp"

#include <doctest/doctest.h>

using namespace hw::bench;

namespace {
std::vector<double> later(std::vector<double> times, double by) {
    for (double& t : times) { t += by; }
    return times;
}
Cut both_ways(std::vector<double> commands, std::vector<double> answers) { return {std::move(commands), std::move(answers), {}, {}, 60}; }
}  // namespace

TEST_CASE("on_off: a flow resumes at its first packet and after half a second of silence") {
    CHECK(resumptions({1, 1.2, 1.7, 2.3, 2.8}, 0.5) == std::vector<double>{1, 2.3});
    CHECK(resumptions({}, 0.5).empty());
}

TEST_CASE("on_off: resumptions coincide when the second comes within the bound after the first, not before it") {
    const std::vector<double> a{1, 3, 6, 9};
    CHECK(detail::coincidences(a, later(a, 0.05), 0.08).hits == 4);
    CHECK(detail::coincidences(a, later(a, 0.05), 0.08).in_a_row == 3);
    CHECK(detail::coincidences(a, later(a, -0.05), 0.08).hits == 0);
    CHECK(detail::coincidences(a, later(a, 0.09), 0.08).hits == 0);
    CHECK(detail::coincidences(a, {1.01, 4, 6.01, 9.01}, 0.08).hits == 3);
    CHECK(detail::coincidences(a, {1.01, 4, 6.01, 9.01}, 0.08).in_a_row == 1);
}

TEST_CASE("on_off: a prompt relay scores 1, one slower than the bound is lost, few in a row rank behind") {
    const std::vector<double> typed{1, 2.2, 3.9, 5, 6.4, 8};
    const OnOffRule rule;
    const auto up = on_off_view(both_ways(typed, later(typed, 0.06)), rule);
    const auto down = on_off_view(both_ways(later(typed, 0.02), later(typed, 0.04)), rule);
    CHECK(on_off_score(up, down, rule) == doctest::Approx(1));
    CHECK(on_off_score(up, on_off_view(both_ways(later(typed, 0.3), later(typed, -0.3)), rule), rule) == doctest::Approx(-1));
    const auto brief_up = on_off_view(both_ways({1, 3}, {}), rule);
    const auto brief_down = on_off_view(both_ways({1.01, 3.01}, {}), rule);
    CHECK(on_off_score(brief_up, brief_down, rule) == doctest::Approx(0));
}
