#pragma once

#include "base/decibans.hpp"
#include "weigh/citations.hpp"
#include "weigh/evidence.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hw::weigh {

/// H0's share never falls below this: the ledger may be wrong in a way that none of its lines says.
inline constexpr double kLeastNone = 0.001;
/// Share of a weight that counts beside a greater one: of the same root; of overlapping roots, one collection or one analyst; of no kin.
inline constexpr double kSameRoot = 0;
inline constexpr double kShared = 0.5;
inline constexpr double kIndependent = 1;

/// Why a line counts as it does.
enum class Counting : std::uint8_t {
    full,         ///< Independent of every greater one.
    shared,       ///< Half: it shares roots, a collection or a part of its basis with a greater one.
    same_root,    ///< Not: a greater one has the very same roots.
    rests,        ///< Not: an inference whose basis stands in the ledger.
    says_nothing, ///< Not: it says nothing of the hypotheses.
};
[[nodiscard]] std::string_view to_string(Counting counting);

/// One origin's word, however many repeat it.
struct Line {
    std::size_t item = 0;               ///< Whose likelihoods, q and f count.
    std::vector<std::size_t> voices;    ///< All items that say so, `item` among them, by their ids.
    std::vector<std::string> roots;
    std::vector<std::string> origins;
    Grade grade = Grade::f;             ///< The best of its voices'.
    std::vector<double> likelihood;     ///< P(e|h) by hypothesis.
    double reliability = 0;             ///< r
    std::vector<double> told;           ///< p1 = r·P(e|h) + (1−r)·q
    std::vector<double> deceived;       ///< p2: p1 for the framed hypothesis, else (1−f)·p1 + f
    std::vector<Decibans> weight;       ///< 10·log10 p2
    double spread_db = 0;               ///< Greatest less smallest weight: how much the line can tell apart.
    Counting counting = Counting::full;
    double lambda = 1;                  ///< What of the weight counts.
    std::optional<std::size_t> beside;  ///< The greater line that it is discounted for.
    std::size_t root_set = 0;           ///< Lines of equal roots have equal numbers.
    std::vector<std::size_t> kin;       ///< Numbers of what it may share with others: each root, each collection.
};

/// What is turned for a sensitivity run. The default turns nothing.
struct Turned {
    bool grades_one_lower = false;
    std::optional<double> unjudged = {};      ///< r of sources of grade F.
    double forgeability_times = 1;
    double temperature_times = 1;
    double prior_times = 1;                   ///< Of `prior_of`, before the priors are made to add up to 1 again.
    std::optional<std::size_t> prior_of = {};
};

/// The ledger: every line with every number that leads to its weight. Lines stand in falling order of their spread, then by id: nothing
/// depends on the order of the evidence.
struct Ledger {
    std::vector<double> priors;
    std::vector<Line> lines;
    Citations citations;
    std::size_t kin = 0;  ///< All numbers of `Line::kin` are below it; those of `root_set` are below the number of lines.
    double temperature = 1;
};

/// The reliability that a grade stands for, learnt from the origin's record: (10·r + right) / (10 + right + wrong), with r of A .98, B .90,
/// C .75, D .50, E .30, F .50.
[[nodiscard]] double reliability(Grade grade, const Origin* origin, const Turned& turned = {});

/// Prior chances by hypothesis: as stated, the rest shared alike among those without; made to add up to 1.
[[nodiscard]] std::vector<double> priors_of(const Evidence& evidence, const Turned& turned = {});

/// Makes the ledger of evidence that has been checked (evidence_json.hpp).
[[nodiscard]] Ledger make_ledger(const Evidence& evidence, const Turned& turned = {});

/// S(h), in decibans: prior and the weights that count. Lines for which `leave_out` is true are taken out, and what is discounted beside
/// them counts anew; empty: all stay.
[[nodiscard]] std::vector<double> scores(const Ledger& ledger, const std::vector<bool>& leave_out = {});

/// P(h) ∝ 10^(S(h)/10T), the last (H0) at least `kLeastNone`.
[[nodiscard]] std::vector<double> posterior(const Ledger& ledger, const std::vector<bool>& leave_out = {});

}  // namespace hw::weigh
