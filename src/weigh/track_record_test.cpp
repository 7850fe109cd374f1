#include "weigh/track_record.hpp"

#include "weigh/evidence_json.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <utility>

using namespace hw;
using namespace hw::weigh;

namespace {

Published said(double h1) {
    Published made;
    made.head = "1:aa";
    made.leader = "H1";
    made.confidence = "low";
    made.prior = {{"H1", 0.5}, {"H0", 0.5}};
    made.probability = {{"H1", h1}, {"H0", 1 - h1}};
    made.low = made.high = made.probability;
    return made;
}

PastCase past(double h1, const std::string& truth) {
    PastCase made;
    made.path = "a.hwcase";
    made.assessments.push_back({"assessment-1", Time::from_micros(1000), said(h1)});
    made.outcome = Outcome{.hypothesis = truth, .words = "as it turned out", .known = Time::from_micros(2000), .right = {}, .wrong = {}};
    made.known = made.outcome->known;
    made.outcomes = {*made.outcome};
    made.hypotheses = {"H0", "H1", "H9"};
    return made;
}

}  // namespace

TEST_CASE("an assessment reads back as it was published") {
    const auto made = said(0.7);
    const auto read = published_from(to_json(made), "assessment-1", "test").value();
    CHECK(canonical_json(to_json(read)) == canonical_json(to_json(made)));
    auto broken = made;
    broken.probability["H1"] = 0.9;
    CHECK(published_from(to_json(broken), "a", "test").error().code == Errc::malformed);
    broken = made;
    broken.prior.erase("H1");
    CHECK(published_from(to_json(broken), "a", "test").error().code == Errc::malformed);
}

TEST_CASE("scores are those of Brier and the logarithm, beside what the priors would have scored") {
    const auto told = score_cases({past(0.7, "H1"), past(0.7, "H0")}).value();
    CHECK(told.counted == 2);
    CHECK(told.assessments[0].score.brier == doctest::Approx(2 * 0.3 * 0.3));
    CHECK(told.assessments[1].score.brier == doctest::Approx(2 * 0.7 * 0.7));
    CHECK(told.mean.log_score == doctest::Approx(-(std::log(0.7) + std::log(0.3)) / 2));
    CHECK(told.mean_of_prior.brier == doctest::Approx(0.5));
}

TEST_CASE("a truth that was not listed is none of those listed") { CHECK(score_cases({past(0.7, "H9")}).value().assessments[0].truth == "H0"); }

TEST_CASE("a truth that the case does not know is a mistake") { CHECK(score_cases({past(0.7, "H7")}).error().code == Errc::malformed); }

TEST_CASE("what was published once the truth was known does not count, nor what waits for it") {
    auto late = past(0.99, "H1");
    late.assessments[0].time = Time::from_micros(3000);
    CHECK(score_cases({late}).value().assessments[0].hindsight);
    CHECK(score_cases({late}).value().counted == 0);
    auto open = past(0.9, "H1");
    open.outcome.reset();
    CHECK(score_cases({open}).value().assessments[0].truth.empty());
    CHECK(score_cases({open}).value().counted == 0);
}

TEST_CASE("sources are counted by what became of their items, the last word standing") {
    auto one = past(0.7, "H1");
    one.who = {{"s1", "ministry"}, {"s2", "ministry"}, {"s3", "paper"}};
    one.outcomes[0].right = {"s1"};
    one.outcomes[0].wrong = {"s2", "s3"};
    one.outcomes.push_back({.hypothesis = "H1", .words = "later", .known = {}, .right = {"s3"}, .wrong = {}});
    const auto told = score_cases({one}).value();
    CHECK(told.sources.at("ministry").right == 1);
    CHECK(told.sources.at("ministry").wrong == 1);
    CHECK(told.sources.at("paper").right == 1);
    one.outcomes[0].wrong = {"s9"};
    CHECK(score_cases({one}).error().code == Errc::malformed);
}

TEST_CASE("what is learnt moves the reliability that the ledger takes") {
    Evidence evidence;
    evidence.origins = {{.id = "ministry", .name = "the ministry"}, {.id = "other", .name = "another"}};
    learn(evidence, {{"ministry", {.right = 10, .wrong = 30}}});
    CHECK(reliability(Grade::b, evidence.origins.data(), {}) == doctest::Approx((10 * 0.9 + 10) / 50));
    CHECK(reliability(Grade::b, &evidence.origins[1], {}) == doctest::Approx(0.9));
    const auto told = reliability_of({.right = 10, .wrong = 30});
    CHECK(told.mean == doctest::Approx(11.0 / 42));
    CHECK(told.low < told.mean);
    CHECK(told.high < 0.5);
}
