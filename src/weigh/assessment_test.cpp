#include "weigh/assessment.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>

#include <doctest/doctest.h>

using namespace hw::weigh;

namespace {

Item item(std::string id, std::string who, Grade grade, double for_h1, double against, double f = 0) {
    Item made;
    made.words = id;
    made.id = std::move(id);
    made.who = std::move(who);
    made.grade = grade;
    made.forgeability = f;
    made.likelihood = {{"H1", for_h1}, {"H0", against}};
    return made;
}

Evidence two_hypotheses() {
    Evidence evidence;
    evidence.hypotheses = {{.id = "H1", .statement = "one"}, {.id = "H2", .statement = "two"}, {.id = "H0", .statement = "none"}};
    return evidence;
}

const Sufficiency& of(const Assessment& told, std::string_view action) {
    for (const auto& one : told.sufficiency) {
        if (told.actions[one.action].id == action) { return one; }
    }
    throw 0;
}

}  // namespace

TEST_CASE("assess: without evidence the priors stand, and nothing suffices") {
    const auto told = assess(two_hypotheses());
    CHECK(told.standings[0].probability == doctest::Approx(1 / 3.0));
    CHECK(told.confidence == Confidence::low);
    CHECK(of(told, "ask-partner").met == false);
    CHECK(of(told, "ask-partner").missing.size() == 3);
}

TEST_CASE("assess: what all of one origin say is fragile without it") {
    auto evidence = two_hypotheses();
    evidence.items = {item("a", "o", Grade::b, .9, .1)};
    const auto told = assess(evidence);
    CHECK(told.leader == 0);
    CHECK(told.origins.size() == 1);
    CHECK(told.standings[0].low < told.standings[0].probability);
    CHECK(told.standings[0].high > told.standings[0].probability);
    CHECK(told.confidence == Confidence::low);
    CHECK(of(told, "share-finding").missing.back() == "one independent origin speaks for H1; it takes 2");
}

TEST_CASE("assess: many independent observations that are hard to forge suffice for everything") {
    auto evidence = two_hypotheses();
    for (int i = 0; i < 6; ++i) { evidence.items.push_back(item("a" + std::to_string(i), "o" + std::to_string(i), Grade::a, .98, .02, .02)); }
    const auto told = assess(evidence);
    CHECK_FALSE(told.fragile);
    CHECK(told.confidence == Confidence::high);
    for (const auto& one : told.sufficiency) {
        CHECK(one.met);
        CHECK(one.flip_db > 0);
    }
    CHECK(told.standings[0].probability > .95);
}

TEST_CASE("assess: an unanswered dispute of what it turns on stands in the way, an answered one does not") {
    auto evidence = two_hypotheses();
    evidence.items = {item("a", "o", Grade::a, .98, .02, .02), item("b", "p", Grade::b, .6, .4, .02)};
    evidence.actions = {{.id = "act", .words = "act", .hypothesis = "H1", .threshold = .45}};
    const auto decisive = assess(evidence).sufficiency[0].decisive;
    CHECK(decisive == std::vector<std::string>{"a"});
    evidence.disputes = {{.id = "d", .item = "a", .who = "q", .ground = "not proven", .words = "", .answered = ""}};
    CHECK(assess(evidence).sufficiency[0].missing.back() == "it turns on a, disputed by q (not proven) and not answered");
    evidence.disputes[0].answered = "shown on 3 May";
    const auto missing = assess(evidence).sufficiency[0].missing;
    CHECK((missing.empty() || missing.back().find("disputes") == std::string::npos));
}

TEST_CASE("assess: the flip weight is the distance to the threshold in decibans") {
    auto evidence = two_hypotheses();
    evidence.items = {item("a", "o", Grade::a, .9, .1)};
    evidence.actions = {{.id = "act", .words = "act", .hypothesis = "H1", .threshold = .5}};
    const auto told = assess(evidence);
    const double p = told.standings[0].probability;
    CHECK(told.sufficiency[0].flip_db == doctest::Approx(10 * std::log10(p / (1 - p))));
}

TEST_CASE("assess: a question that settles it is worth more than one that tells nothing, and cost counts") {
    auto evidence = two_hypotheses();
    evidence.questions = {{.id = "idle", .words = "", .cost = 1, .answers = {{"yes", {{"H0", .5}}}, {"no", {{"H0", .5}}}}},
                          {.id = "settles", .words = "", .cost = 1, .answers = {{"yes", {{"H1", .98}, {"H0", .02}}}, {"no", {{"H1", .02}, {"H0", .98}}}}},
                          {.id = "settles-dear", .words = "", .cost = 10, .answers = {{"yes", {{"H1", .98}, {"H0", .02}}}, {"no", {{"H1", .02}, {"H0", .98}}}}}};
    const auto told = assess(evidence);
    REQUIRE(told.questions.size() == 3);
    CHECK(told.questions[0].question == 1);
    CHECK(told.questions[1].question == 2);
    CHECK(told.questions[2].evsi == doctest::Approx(0));
    CHECK(told.questions[2].bits == doctest::Approx(0));
    CHECK(told.questions[0].bits > .7);
    CHECK(told.questions[0].answers[0].probability == doctest::Approx((.98 + .02 + .02) / 3));
}
