#pragma once

#include "weigh/assessment.hpp"
#include "weigh/records.hpp"
#include "weigh/score.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// How good earlier assessments and their sources turned out to be.
namespace hw::weigh {

/// An assessment as it was published: what it said then can be held against it.
struct Published {
    std::string head;                        ///< The case's log as it was weighed, `12:0a1b…`.
    std::string leader;
    bool fragile = false;
    std::string confidence;                  ///< `low`, `moderate`, `high`.
    std::map<std::string, double> prior, probability, low, high;  ///< By hypothesis.
    std::string library;                     ///< SHA-256 of the ATT&CK bundle that was matched with; empty: none.
    std::vector<std::string> records;        ///< Heads of the cases that sources' reliability was learnt from.
};
[[nodiscard]] Published published_of(const Evidence& evidence, const Assessment& assessment);
[[nodiscard]] JsonValue to_json(const Published& published);
[[nodiscard]] Result<Published> published_from(const JsonValue& body, const std::string& id, const std::string& where);

/// A case, as far as scoring goes.
struct PastCase {
    std::string path;
    struct One {
        std::string id;
        Time time;
        Published said;
    };
    std::vector<One> assessments;            ///< In the order of filing.
    std::optional<Outcome> outcome;          ///< The last that was filed.
    std::optional<Time> known;               ///< Since when it was known: as it says itself, else since the first outcome was filed.
    std::set<std::string> hypotheses;        ///< All ids of the case, H0 among them.
    std::map<std::string, std::string> who;  ///< The origin of each item.
    std::vector<Outcome> outcomes;           ///< All, for what they say of items.
};

/// One published assessment, scored.
struct Scored {
    std::string path, id;
    Time time;
    std::string truth;                ///< Empty: not known yet.
    bool hindsight = false;           ///< Published once the truth was known: shown, never counted.
    double for_truth = 0;             ///< P(truth) as published.
    Score score;
    Score of_prior;                   ///< What the priors alone would have scored.
};

/// All of them together.
struct TrackRecord {
    std::vector<Scored> assessments;
    std::size_t counted = 0;
    Score mean, mean_of_prior;        ///< Over those counted.
    Calibration calibration;          ///< Over every hypothesis of those counted.
    Records sources;                  ///< By origin.
};

/// Scores the assessments of cases whose outcome is known. A truth that an assessment did not list counts as its H0. Fails with `malformed` where an
/// outcome names a hypothesis or an item that its case does not have.
[[nodiscard]] Result<TrackRecord> score_cases(const std::vector<PastCase>& cases);

/// Mean of Beta(1 + right, 1 + wrong), and its middle 95 % (normal approximation, within 0 and 1).
struct Reliability {
    double mean = 0, low = 0, high = 0;
};
[[nodiscard]] Reliability reliability_of(const Record& record);

/// Adds what the records say to the counts of origins of the same id.
void learn(Evidence& evidence, const Records& records);

}  // namespace hw::weigh
