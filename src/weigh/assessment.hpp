#pragma once

#include "weigh/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::weigh {

/// One way of weighing otherwise, and what comes of it.
struct Run {
    enum class Kind : std::uint8_t { without_origin, grades_one_lower, unjudged_worthless, unjudged_trusted, forgeability_doubled, prior_up, prior_down, temperature_up };
    Kind kind = Kind::grades_one_lower;
    std::string origin;           ///< Of `without_origin`.
    std::vector<double> chances;  ///< By hypothesis.
    std::size_t leader = 0;
};
[[nodiscard]] std::string_view to_string(Run::Kind kind);

/// A hypothesis as it stands.
struct Standing {
    double prior = 0;
    double score_db = 0;       ///< S(h)
    double probability = 0;
    double low = 0, high = 0;  ///< Over all runs.
};

/// How confident one may be in the assessment as a whole; a sentence of its own, never joined with a likelihood (ICD 203).
enum class Confidence : std::uint8_t { low, moderate, high };
[[nodiscard]] std::string_view to_string(Confidence confidence);

/// Whether it suffices for one action.
struct Sufficiency {
    std::size_t action = 0;      ///< In the evidence's list, or in that of the usual ones.
    std::size_t hypothesis = 0;  ///< On which.
    bool met = false;
    std::vector<std::string> missing;  ///< In words; empty where it is met.
    double flip_db = 0;          ///< Positive: a finding of so much against it takes it below the threshold; negative: so much is lacking.
    std::size_t supporting_origins = 0;  ///< Independent, whose word speaks for the hypothesis.
    std::vector<std::string> decisive;   ///< Items whose line alone decides whether the threshold is met, or who leads.
};

/// A question by what its answer is worth.
struct Worth {
    std::size_t question = 0;
    double evsi = 0;         ///< Expected value of sample information, over all actions, in units of a wrong or missed action.
    double bits = 0;         ///< Expected drop of the entropy over hypotheses.
    double evsi_per_cost = 0;
    struct Outcome {
        double probability = 0;
        std::vector<double> chances;  ///< By hypothesis, once it is known.
    };
    std::vector<Outcome> answers;
};

/// What one line speaks for.
struct Support {
    double for_leader_db = 0;  ///< 10·log10 of how much likelier the line is under the leading hypothesis than under the others, by their priors; what counts of it.
};

/// All that can be said of the evidence.
struct Assessment {
    Ledger ledger;
    std::vector<Action> actions;
    std::vector<Standing> standings;        ///< By hypothesis.
    std::size_t leader = 0;                 ///< The likeliest; of equals the first.
    std::optional<std::size_t> runner_up;   ///< The next.
    double lead_db = 0;                     ///< A finding of so much against the leader, or for the runner-up, makes them equal.
    std::vector<Run> runs;
    bool fragile = false;                   ///< Another leads in at least one run.
    Confidence confidence = Confidence::low;
    std::string confidence_because;
    std::vector<Support> support;           ///< By line.
    std::vector<std::string> origins;       ///< Whose word counts, in rising order.
    std::size_t hard_to_forge = 0;          ///< Lines that count, with f ≤ .15.
    std::vector<Sufficiency> sufficiency;   ///< By action.
    std::vector<Worth> questions;           ///< Those most worth asking first.
};

/// An item with f above this is not hard to forge.
inline constexpr double kHardToForge = 0.15;

/// Weighs the evidence: ledger, sensitivities, what suffices and what would change it.
[[nodiscard]] Assessment assess(const Evidence& evidence);


}  // namespace hw::weigh
