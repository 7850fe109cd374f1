#include "weigh/finding.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::weigh;

namespace {

constexpr Place kLaPaz{-16.5, -68.15, 0}, kYaounde{3.87, 11.52, 0};

Evidence with(Finding finding) {
    Evidence evidence;
    evidence.hypotheses = {{.id = "near", .statement = {}, .place = kLaPaz, .asns = {net::Asn{64500}}}, {.id = "far", .statement = {}, .place = kYaounde, .asns = {net::Asn{64501}}}, {.id = std::string(kNone), .statement = {}}};
    Item item;
    item.id = "found";
    item.finding = std::move(finding);
    evidence.items.push_back(std::move(item));
    return evidence;
}

}  // namespace

TEST_CASE("great circles") {
    CHECK(distance_km(kLaPaz, kLaPaz) == 0);
    CHECK(distance_km(kLaPaz, kYaounde) == doctest::Approx(9061).epsilon(0.01));
    CHECK(distance_km({0, 0, 0}, {0, 180, 0}) == doctest::Approx(20'015).epsilon(0.001));
}

TEST_CASE("a distance excludes what lies farther but for a machine elsewhere") {
    auto evidence = with({.kind = Finding::Kind::distance_bound, .observer = kLaPaz, .max_km = 3000});
    derive_likelihoods(evidence);
    const auto& likelihood = evidence.items[0].likelihood;
    CHECK(likelihood.at("near") == 1 - kElsewhere);
    CHECK(likelihood.at("far") == kElsewhere);
    CHECK(likelihood.at("H0") == kUndecided);
}

TEST_CASE("a place that reaches over the bound cannot be told") {
    auto evidence = with({.kind = Finding::Kind::distance_bound, .observer = kLaPaz, .max_km = 3000});
    evidence.hypotheses[0].place->radius_km = 5000;
    derive_likelihoods(evidence);
    CHECK(evidence.items[0].likelihood.at("near") == kUndecided);
}

TEST_CASE("a trail speaks for those who work from the network where it ends, by its probability") {
    auto evidence = with({.kind = Finding::Kind::trail_ending, .probability = 0.6, .asn = net::Asn{64500}});
    derive_likelihoods(evidence);
    const auto& likelihood = evidence.items[0].likelihood;
    CHECK(likelihood.at("near") == doctest::Approx(0.6 * 0.75 + 0.4 * 0.5));
    CHECK(likelihood.at("far") == doctest::Approx(0.6 * 0.25 + 0.4 * 0.5));
    CHECK(likelihood.at("H0") == kUndecided);
}

TEST_CASE("a finding that tells nothing of any hypothesis weighs nothing") {
    auto evidence = with({.kind = Finding::Kind::trail_ending, .probability = 0.6});
    derive_likelihoods(evidence);
    CHECK(evidence.items[0].likelihood.empty());
    CHECK(evidence.items[0].derived.find("no hypothesis says") != std::string::npos);
}

TEST_CASE("what a person stated stands") {
    auto evidence = with({.kind = Finding::Kind::trail_ending, .probability = 0.6, .asn = net::Asn{64500}});
    evidence.items[0].likelihood = {{"H0", 0.1}};
    derive_likelihoods(evidence);
    CHECK(evidence.items[0].likelihood.size() == 1);
}
