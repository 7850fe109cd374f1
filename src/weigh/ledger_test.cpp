#include "weigh/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::weigh;

namespace {

const std::vector<std::string> kIds{"H1", "H2", "H3", "H4", "H0"};

std::vector<Hypothesis> five() {
    std::vector<Hypothesis> hypotheses;
    for (const auto& id : kIds) { hypotheses.push_back({.id = id, .statement = id}); }
    return hypotheses;
}

Item item(std::string id, std::string who, Grade grade, double q, const std::vector<double>& chances, double f = 0, std::string frames = {}) {
    Item made;
    made.words = id + " said";
    made.id = std::move(id);
    made.who = std::move(who);
    made.grade = grade;
    made.otherwise = q;
    made.forgeability = f;
    made.frames = std::move(frames);
    for (std::size_t h = 0; h < chances.size(); ++h) { made.likelihood[kIds[h]] = chances[h]; }
    return made;
}

/// The pinned ledger (../shared/sony-2014-statements.md): illustrative numbers.
Evidence pinned() {
    Evidence evidence;
    evidence.hypotheses = five();
    evidence.items = {item("us", "us-gov", Grade::b, .5, {.9, .4, .2, .4, .3}), item("motive", "attackers", Grade::d, .5, {.7, .8, .2, .5, .3}, .3, "H1"),
                      item("denial", "north-korea", Grade::d, .9, {.9, .97, .97, .97, .97}), item("deed", "north-korea", Grade::b, .3, {.6, .7, .4, .5, .4}),
                      item("route", "press", Grade::f, .5, {.5, .4, .4, .5, .4}, .5, "H1"), item("doubt", "experts", Grade::c, .6, {.5, .7, .85, .7, .8})};
    return evidence;
}

Item voice(const Item& of, std::string id, Grade grade) {
    Item made = of;
    made.id = std::move(id);
    made.grade = grade;
    made.cites = {of.id};
    made.likelihood.clear();
    return made;
}

std::vector<double> rounded(const Evidence& evidence, const Turned& turned = {}, const std::vector<bool>& leave_out = {}) {
    auto chances = posterior(make_ledger(evidence, turned), leave_out);
    for (double& chance : chances) { chance = std::round(chance * 100) / 100; }
    return chances;
}

void check_near(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t h = 0; h < a.size(); ++h) { CHECK(a[h] == doctest::Approx(b[h]).epsilon(1e-9)); }
}

/// Evidence made by chance, of all kinds of kinship.
Evidence random_evidence(std::mt19937_64& random) {
    constexpr double kGrid[]{.02, .10, .25, .50, .75, .90, .98};
    const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    Evidence evidence;
    evidence.hypotheses = five();
    const std::size_t count = 1 + pick(12);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<double> chances;
        for (std::size_t h = 0; h < kIds.size(); ++h) { chances.push_back(kGrid[pick(7)]); }
        auto made = item("i" + std::to_string(i), "o" + std::to_string(pick(4)), static_cast<Grade>(pick(6)), kGrid[pick(7)], chances, pick(2) == 0 ? 0.1 * static_cast<double>(pick(8)) : 0, pick(2) == 0 ? kIds[pick(4)] : "");
        if (i > 0 && pick(3) == 0) { made.cites.push_back("i" + std::to_string(pick(i))); }
        if (pick(8) == 0) { made.cites.push_back("unseen" + std::to_string(pick(2))); }
        if (pick(4) == 0) { made.collection = "c" + std::to_string(pick(2)); }
        if (pick(4) == 0) { made.says = "p" + std::to_string(pick(3)); }
        evidence.items.push_back(std::move(made));
    }
    return evidence;
}

}  // namespace

TEST_CASE("ledger: four voices of one origin count once, not four times (pinned)") {
    auto four = pinned();
    for (std::size_t i = 0; i < 3; ++i) {
        auto again = four.items.front();
        again.id = "us" + std::to_string(i);
        again.who = again.id;
        again.words = again.id;
        again.grade = i == 0 ? Grade::b : Grade::c;
        four.items.push_back(again);
    }
    CHECK(rounded(four) == std::vector{.74, .13, .01, .09, .03});

    auto one = pinned();
    for (std::size_t i = 0; i < 3; ++i) { one.items.push_back(voice(one.items.front(), "us" + std::to_string(i), i == 0 ? Grade::b : Grade::c)); }
    CHECK(rounded(one) == std::vector{.24, .33, .09, .21, .13});
    CHECK(rounded(pinned()) == std::vector{.24, .33, .09, .21, .13});
    const auto ledger = make_ledger(one);
    CHECK(ledger.lines.size() == 6);
    CHECK(ledger.lines.front().voices.size() == 4);
}

TEST_CASE("ledger: the sensitivities of the pinned ledger") {
    const auto evidence = pinned();
    const auto ledger = make_ledger(evidence);
    std::vector<bool> without(ledger.lines.size());
    for (std::size_t at = 0; at < ledger.lines.size(); ++at) { without[at] = ledger.lines[at].origins.front() == "us-gov"; }
    CHECK(rounded(evidence, {}, without) == std::vector{.12, .33, .17, .22, .17});
    CHECK(rounded(evidence, {.grades_one_lower = true}) == std::vector{.22, .30, .11, .22, .14});
    auto half = evidence;
    half.hypotheses[0].prior = .5;
    CHECK(rounded(half) == std::vector{.56, .19, .05, .12, .07});
    half.hypotheses[0].prior = .05;
    CHECK(rounded(half) == std::vector{.06, .40, .11, .26, .16});
}

TEST_CASE("ledger: a line is what its formula says") {
    Evidence evidence;
    evidence.hypotheses = {{.id = "H1", .statement = ""}, {.id = "H0", .statement = ""}};
    Item only = item("a", "o", Grade::c, .4, {});
    only.likelihood = {{"H1", .9}, {"H0", .1}};
    only.forgeability = .2;
    only.frames = "H1";
    evidence.items = {only};
    const auto ledger = make_ledger(evidence);
    const Line& line = ledger.lines.front();
    CHECK(line.told[0] == doctest::Approx(.75 * .9 + .25 * .4));
    CHECK(line.deceived[0] == doctest::Approx(line.told[0]));
    CHECK(line.deceived[1] == doctest::Approx(.8 * (.75 * .1 + .25 * .4) + .2));
    CHECK(line.weight[1].value() == doctest::Approx(10 * std::log10(line.deceived[1])));
    CHECK(posterior(ledger)[0] == doctest::Approx(line.deceived[0] / (line.deceived[0] + line.deceived[1])));
}

TEST_CASE("ledger: repeating an item changes nothing, whoever repeats it") {
    std::mt19937_64 random(6);
    for (int round = 0; round < 500; ++round) {
        const auto evidence = random_evidence(random);
        const auto before = posterior(make_ledger(evidence));
        auto cited = evidence;
        const Item& of = evidence.items[random() % evidence.items.size()];
        auto repeat = voice(of, "repeat", of.grade);
        repeat.who = "newspaper";
        cited.items.push_back(repeat);
        check_near(posterior(make_ledger(cited)), before);
        auto again = evidence;
        Item twice = of;
        twice.id = "zz-again";
        again.items.push_back(twice);
        // Said again by the same origin; where the first one cites others it has their roots too.
        check_near(posterior(make_ledger(again)), before);
    }
}

TEST_CASE("ledger: what can be forged with f never moves the framed hypothesis by more than 10 log10(1/f) dB") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 2'000; ++round) {
        auto evidence = random_evidence(random);
        const double f = 0.01 * static_cast<double>(1 + random() % 99);
        std::vector<double> chances;
        for (std::size_t h = 0; h < kIds.size(); ++h) { chances.push_back(.02 + .01 * static_cast<double>(random() % 97)); }
        const auto before = scores(make_ledger(evidence));
        evidence.items.push_back(item("forged", "stranger", static_cast<Grade>(random() % 6), .5, chances, f, "H2"));
        const auto after = scores(make_ledger(evidence));
        const double bound = 10 * std::log10(1 / f) + 1e-9;
        for (std::size_t h = 0; h < kIds.size(); ++h) {
            if (kIds[h] != "H2") { CHECK((after[1] - before[1]) - (after[h] - before[h]) <= bound); }
        }
    }
}

TEST_CASE("ledger: an inference whose basis is here adds nothing; one whose basis is withheld is a claim") {
    std::mt19937_64 random(8);
    for (int round = 0; round < 500; ++round) {
        const auto evidence = random_evidence(random);
        auto with = evidence;
        Item inference = item("zz", "analyst", Grade::a, .1, {.98, .02, .02, .02, .02});
        inference.kind = ItemKind::inference;
        inference.basis = {evidence.items.front().id, evidence.items.back().id};
        with.items.push_back(inference);
        check_near(posterior(make_ledger(with)), posterior(make_ledger(evidence)));
        with.items.back().basis = {"withheld"};
        CHECK(posterior(make_ledger(with))[0] > posterior(make_ledger(evidence))[0]);
    }
}

TEST_CASE("ledger: none of those listed never vanishes, and chances add up to one") {
    std::mt19937_64 random(9);
    for (int round = 0; round < 500; ++round) {
        auto evidence = random_evidence(random);
        for (int i = 0; i < 300; ++i) { evidence.items.push_back(item("x" + std::to_string(i), "x" + std::to_string(i), Grade::a, .02, {.98, .5, .5, .5, .02})); }
        if (round >= 3) { evidence.items.resize(evidence.items.size() - 300 + static_cast<std::size_t>(round % 20)); }
        const auto chances = posterior(make_ledger(evidence));
        CHECK(chances.back() >= kLeastNone);
        double sum = 0;
        for (const double chance : chances) { sum += chance; }
        CHECK(sum == doctest::Approx(1));
    }
}

TEST_CASE("ledger: the order of the evidence does not matter, to the last bit") {
    std::mt19937_64 random(10);
    for (int round = 0; round < 500; ++round) {
        auto evidence = random_evidence(random);
        const auto before = posterior(make_ledger(evidence));
        std::ranges::shuffle(evidence.items, random);
        CHECK(posterior(make_ledger(evidence)) == before);
    }
}

TEST_CASE("ledger: of one root only the greatest weight counts, of a shared collection the lesser ones half") {
    Evidence evidence;
    evidence.hypotheses = five();
    auto root = item("root", "o", Grade::b, .5, {});
    root.likelihood.clear();
    auto strong = item("strong", "p", Grade::b, .5, {.9, .1, .5, .5, .5});
    auto weak = item("weak", "r", Grade::b, .5, {.6, .4, .5, .5, .5});
    strong.cites = weak.cites = {"root"};
    strong.says = "s";
    weak.says = "w";
    evidence.items = {root, weak, strong};
    auto ledger = make_ledger(evidence);
    CHECK(ledger.lines[0].counting == Counting::full);
    CHECK(ledger.lines[1].counting == Counting::same_root);
    CHECK(ledger.lines[1].lambda == 0);
    CHECK(ledger.lines[1].beside == 0);
    CHECK(ledger.lines[2].counting == Counting::says_nothing);

    evidence.items[1].cites = evidence.items[2].cites = {};
    evidence.items[1].collection = evidence.items[2].collection = "one sensor";
    ledger = make_ledger(evidence);
    CHECK(ledger.lines[1].counting == Counting::shared);
    const auto sums = scores(ledger);
    CHECK(sums[0] == doctest::Approx(10 * std::log10(.2) + ledger.lines[0].weight[0].value() + .5 * ledger.lines[1].weight[0].value()));
    // Without the greater one, the lesser counts in full.
    CHECK(scores(ledger, {true, false, false})[0] == doctest::Approx(10 * std::log10(.2) + ledger.lines[1].weight[0].value()));
}

TEST_CASE("reliability: what an origin said before is learnt from") {
    CHECK(reliability(Grade::a, nullptr) == .98);
    CHECK(reliability(Grade::f, nullptr) == .5);
    const Origin poor{.id = "o", .name = "", .right = 0, .wrong = 10};
    CHECK(reliability(Grade::a, &poor) == doctest::Approx(.49));
    CHECK(reliability(Grade::b, nullptr, {.grades_one_lower = true}) == .75);
    CHECK(reliability(Grade::e, nullptr, {.grades_one_lower = true}) == .3);
    CHECK(reliability(Grade::f, &poor, {.unjudged = 0.9}) == .9);
}
