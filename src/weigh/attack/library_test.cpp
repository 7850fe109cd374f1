#include "weigh/attack/library.hpp"

#include "weigh/attack/profile.hpp"
#include "weigh/attack/test_library.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::weigh::attack;

TEST_CASE("a bundle becomes groups, what they use, and the reports that say so") {
    const auto library = read_library(made_bundle(), "made").value();
    CHECK(library.groups.size() == 3);
    CHECK(library.features.size() == 11);
    CHECK(library.sources.size() == 5);
    CHECK(library.group_uses.size() == 12);
    CHECK(library.groups[*find_entry(library.groups, "G0002")].name == "made G0002");
    CHECK_FALSE(find_entry(library.groups, "G9999"));
    CHECK(library.sources[0].name == "report 1a");
    CHECK(library.sources[0].year == doctest::Approx(2014 + 10.5 / 12));
}

TEST_CASE("what is revoked, deprecated or points nowhere is passed over; a campaign's uses are its group's") {
    MadeBundle bundle;
    bundle.object("intrusion-set", "G0001").object("intrusion-set", "G0002", R"(,"revoked":true)").object("attack-pattern", "T0001").object("attack-pattern", "T0002", R"(,"x_mitre_deprecated":true)");
    bundle.object("campaign", "C0001").object("attack-pattern", "T0003");
    bundle.link("uses", "intrusion-set--G0001", "attack-pattern--T0001").link("uses", "intrusion-set--G0001", "attack-pattern--T0002").link("uses", "intrusion-set--G0002", "attack-pattern--T0001");
    bundle.link("uses", "intrusion-set--G0001", "attack-pattern--nowhere").link("attributed-to", "campaign--C0001", "intrusion-set--G0001").link("uses", "campaign--C0001", "attack-pattern--T0003", {"r"}, "no date");
    const auto library = read_library(bundle.done(), "made").value();
    CHECK(library.groups.size() == 1);
    CHECK(library.group_uses.size() == 1);
    REQUIRE(library.campaign_uses.size() == 1);
    CHECK(library.features[library.campaign_uses[0].feature].id == "T0003");
    CHECK_FALSE(library.sources[0].year);
    CHECK(Profiles(library).groups()[0].features.size() == 2);
}

TEST_CASE("what is no bundle, or has no groups, is refused") {
    CHECK(read_library(parse_json("[]", "f").value(), "f").error().code == Errc::malformed);
    CHECK(read_library(parse_json(R"({"type":"bundle"})", "f").value(), "f").error().code == Errc::malformed);
    CHECK(read_library(parse_json(R"({"type":"bundle","objects":[1,null,{"type":7},{"type":"relationship","source_ref":[]}]})", "f").value(), "f").error().code == Errc::malformed);
}

TEST_CASE("a report that is left out takes with it what only it supports") {
    const auto library = read_library(made_bundle(), "made").value();
    const Profiles all(library), without(library, 0U);
    CHECK(all.groups()[0].features.size() == 6);
    CHECK(without.groups()[0].features.size() == 3);  // T0013, T0014 and S0001, which report 1b tells too
    CHECK(without.groups()[0].reports.size() == 1);
    CHECK(without.groups()[1].features.size() == all.groups()[1].features.size());
}
