#include "weigh/track_record.hpp"

#include "base/json_fields.hpp"
#include "weigh/evidence_json.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hw::weigh {
namespace {
namespace track {

JsonValue by_name(const std::map<std::string, double>& chances) {
    JsonValue::Object members;
    members.reserve(chances.size());
    for (const auto& [name, chance] : chances) { members.push_back({name, chance}); }
    return members;
}

/// Chances in the order of names, and where the truth stands among them.
struct Ordered {
    std::vector<double> chances;
    std::size_t truth = 0;
};

Ordered ordered(const std::map<std::string, double>& by_hypothesis, const std::string& truth) {
    Ordered told;
    for (const auto& [name, chance] : by_hypothesis) {
        if (name == truth) { told.truth = told.chances.size(); }
        told.chances.push_back(chance);
    }
    return told;
}

void add(Score& sum, const Score& one) {
    sum.brier += one.brier;
    sum.log_score += one.log_score;
}

Result<void> count_sources(Records& sources, const PastCase& past) {
    // What a later outcome says of an item replaces what an earlier one said.
    std::map<std::string, bool> verdicts;
    for (const Outcome& outcome : past.outcomes) {
        if (!past.hypotheses.contains(outcome.hypothesis)) { return fail(Errc::malformed, "an outcome names " + outcome.hypothesis + ", which is no hypothesis of the case", past.path, "H0 where it was none of them, or file the hypothesis first"); }
        for (const auto& [items, right] : {std::pair(&outcome.right, true), std::pair(&outcome.wrong, false)}) {
            for (const std::string& item : *items) {
                if (!past.who.contains(item)) { return fail(Errc::malformed, "an outcome names " + item + ", which is no item of the case", past.path, "'headwater case show' lists them"); }
                verdicts[item] = right;
            }
        }
    }
    for (const auto& [item, right] : verdicts) { ++(right ? sources[past.who.at(item)].right : sources[past.who.at(item)].wrong); }
    return {};
}

}  // namespace track
}  // namespace

Published published_of(const Evidence& evidence, const Assessment& assessment) {
    Published said;
    said.leader = evidence.hypotheses[assessment.leader].id;
    said.fragile = assessment.fragile;
    said.confidence = to_string(assessment.confidence);
    for (std::size_t h = 0; h < evidence.hypotheses.size(); ++h) {
        const std::string& id = evidence.hypotheses[h].id;
        const Standing& standing = assessment.standings[h];
        said.prior[id] = standing.prior;
        said.probability[id] = standing.probability;
        said.low[id] = standing.low;
        said.high[id] = standing.high;
    }
    return said;
}

JsonValue to_json(const Published& published) {
    using track::by_name;
    JsonValue body;
    body.set("head", published.head).set("leader", published.leader).set("fragile", published.fragile).set("confidence", published.confidence);
    body.set("prior", by_name(published.prior)).set("probability", by_name(published.probability)).set("low", by_name(published.low)).set("high", by_name(published.high));
    if (!published.library.empty()) { body.set("library", published.library); }
    if (!published.records.empty()) { body.set("records", json_texts(published.records)); }
    return body;
}

Result<Published> published_from(const JsonValue& body, const std::string& /*id*/, const std::string& where) {
    JsonFields fields(body, where);
    Published said;
    said.head = fields.required_text("head");
    said.leader = fields.required_text("leader");
    const JsonValue* fragile = fields.raw("fragile");
    said.fragile = fragile != nullptr && fragile->as_bool() != nullptr && *fragile->as_bool();
    said.confidence = fields.text("confidence");
    said.prior = fields.numbers("prior", 0, 1);
    said.probability = fields.numbers("probability", 0, 1);
    said.low = fields.numbers("low", 0, 1);
    said.high = fields.numbers("high", 0, 1);
    said.library = fields.text("library");
    said.records = fields.texts("records");
    constexpr double kRounding = 1e-6;
    double sum = 0;
    for (const auto& [name, chance] : said.probability) { sum += chance; }
    if (!said.probability.contains(std::string(kNone)) || std::fabs(sum - 1) > kRounding) { fields.wrong("the probabilities of an assessment add up to 1, with H0 among them"); }
    if (said.prior.size() != said.probability.size() || !std::ranges::equal(said.prior, said.probability, {}, [](const auto& p) { return p.first; }, [](const auto& p) { return p.first; })) {
        fields.wrong("an assessment has a prior for each hypothesis");
    }
    HW_CHECK(fields.done());
    return said;
}

Result<TrackRecord> score_cases(const std::vector<PastCase>& cases) {
    using namespace track;
    TrackRecord told;
    std::vector<Said> all;
    for (const PastCase& past : cases) {
        HW_CHECK(count_sources(told.sources, past));
        for (const auto& [id, time, said] : past.assessments) {
            Scored& scored = told.assessments.emplace_back(Scored{.path = past.path, .id = id, .time = time, .truth = {}, .score = {}, .of_prior = {}});
            if (!past.outcome) { continue; }
            scored.truth = said.probability.contains(past.outcome->hypothesis) ? past.outcome->hypothesis : std::string(kNone);
            scored.hindsight = past.known && time >= *past.known;
            const auto chances = ordered(said.probability, scored.truth);
            const auto priors = ordered(said.prior, scored.truth);
            scored.for_truth = chances.chances[chances.truth];
            scored.score = score(chances.chances, chances.truth);
            scored.of_prior = score(priors.chances, priors.truth);
            if (scored.hindsight) { continue; }
            ++told.counted;
            add(told.mean, scored.score);
            add(told.mean_of_prior, scored.of_prior);
            for (std::size_t h = 0; h < chances.chances.size(); ++h) { all.push_back({chances.chances[h], h == chances.truth}); }
        }
    }
    const auto counted = static_cast<double>(std::max<std::size_t>(1, told.counted));
    for (Score* mean : {&told.mean, &told.mean_of_prior}) {
        mean->brier /= counted;
        mean->log_score /= counted;
    }
    told.calibration = calibrate(all);
    return told;
}

Reliability reliability_of(const Record& record) {
    constexpr double kWide = 1.96;
    const double a = 1 + record.right, b = 1 + record.wrong, n = a + b;
    const double mean = a / n, spread = kWide * std::sqrt(a * b / (n * n * (n + 1)));
    return {.mean = mean, .low = std::max(0.0, mean - spread), .high = std::min(1.0, mean + spread)};
}

void learn(Evidence& evidence, const Records& records) {
    for (Origin& origin : evidence.origins) {
        const auto found = records.find(origin.id);
        if (found == records.end()) { continue; }
        origin.right += found->second.right;
        origin.wrong += found->second.wrong;
    }
}

}  // namespace hw::weigh
