#include "weigh/attack/match.hpp"

#include "weigh/attack/test_library.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <numeric>

using namespace hw;
using namespace hw::weigh::attack;

namespace {

Observed observed(const Library& library, std::initializer_list<const char*> ids) {
    Observed seen;
    for (const char* id : ids) { seen.features.push_back(find_entry(library.features, id).value()); }
    return seen;
}

}  // namespace

TEST_CASE("the group whose reports name what was seen is the likeliest, and chances add up") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles profiles(library);
    const auto told = match(profiles, observed(library, {"S0001", "T0011", "T0012", "T0013"}));
    CHECK(told.groups[0] > 0.8);
    CHECK(std::accumulate(told.groups.begin(), told.groups.end(), 0.0) == doctest::Approx(1));
    CHECK(told.none > 0);
    CHECK(told.none < 0.5);
}

TEST_CASE("what fits no group speaks for none of them") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles profiles(library);
    const auto strange = match(profiles, observed(library, {"T0024.001"}));
    const auto known = match(profiles, observed(library, {"T0011", "T0012", "T0013", "T0014"}));
    CHECK(strange.none > known.none);
    CHECK(strange.none > 0.5);
}

TEST_CASE("what everybody does tells less than what one does") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles profiles(library);
    const auto everybody = likenesses(profiles, observed(library, {"T0000", "T0021"}));
    CHECK(everybody[1][Trait::coverage] == doctest::Approx(1));
    CHECK(everybody[0][Trait::coverage] < 0.5);
    CHECK(everybody[0][Trait::coverage] > 0);
}

TEST_CASE("the robust trait does without the three that say most") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles profiles(library);
    const auto three = likenesses(profiles, observed(library, {"T0011", "T0012", "T0013"}));
    CHECK(three[0][Trait::robust_coverage] == 0);
    const auto four = likenesses(profiles, observed(library, {"T0011", "T0012", "T0013", "T0014"}));
    CHECK(four[0][Trait::robust_coverage] == doctest::Approx(0.25));
}

TEST_CASE("a report of the same time is worth more than one of long ago") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles profiles(library);
    auto seen = observed(library, {"T0011", "T0012"});
    seen.year = 2014.9;
    const auto then = likenesses(profiles, seen);
    seen.year = 2004.9;
    const auto before = likenesses(profiles, seen);
    CHECK(then[0][Trait::best_recent] > before[0][Trait::best_recent]);
    CHECK(then[0][Trait::best_report] == before[0][Trait::best_report]);
    CHECK(then[0][Trait::activity] > before[0][Trait::activity]);
}

TEST_CASE("nothing seen resembles nobody, and is no trap") {
    const auto library = read_library(made_bundle(), "made").value();
    const auto told = match(Profiles(library), {});
    CHECK(std::accumulate(told.groups.begin(), told.groups.end(), 0.0) == doctest::Approx(1));
    CHECK(told.none > 0.5);
}
