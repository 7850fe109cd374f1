#pragma once

#include "evaluate.hpp"
#include "roc.hpp"

#include <string>
#include <vector>

namespace hw::bench {

/// The scores of one group of sessions, by method.
struct GroupResult {
    std::string group;
    std::size_t positives = 0;
    std::size_t negatives = 0;
    std::size_t negatives_within = 0;  ///< Of one recording, at the same time.
    std::vector<Roc> rocs;             ///< One a method.
};

/// Positives: the group's true pairs. Negatives: all wrong pairs of which at least one flow is the group's. `group` "all": everything.
[[nodiscard]] GroupResult group_result(const std::string& group, const std::vector<Played>& played, const Evaluation& evaluation);

/// All groups that occur, `net` first, then by name.
[[nodiscard]] std::vector<std::string> groups_of(const std::vector<Played>& played, const Evaluation& evaluation);

/// A table of methods by false-positive rates, in Markdown: true-positive rate with its interval; `~` before a rate that rests on
/// one to ten false positives, and where fewer than one is expected, the share above every negative in brackets.
[[nodiscard]] std::string markdown_table(const GroupResult& result);

/// Headwater's misses at a false-positive rate: which sessions, and how they scored.
[[nodiscard]] std::string markdown_misses(const GroupResult& result, const std::vector<Played>& played, const Evaluation& evaluation,
                                          double false_rate, std::size_t most);

}  // namespace hw::bench
