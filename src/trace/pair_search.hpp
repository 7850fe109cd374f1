#pragma once

#include "trace/pair_clock.hpp"
#include "trace/pair_null.hpp"
#include "trace/pair_windows.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace hw::trace {

/// The parameters of blind-spot matching; the defaults are those of the documentation.
struct PairSearchOptions {
    Duration max_lag = std::chrono::seconds(6);     ///< Longest delay between the observers, either way.
    Duration max_offset = std::chrono::seconds(5);  ///< Largest difference of the clocks that is searched where no flow was seen by both.
    std::optional<Duration> clock;                  ///< How far B's clock is ahead, where the operator knows it.
    Duration epoch = std::chrono::seconds(300);
    double most_q = 0.01;                           ///< False discovery rate up to which pairs are claimed.
    bool unclaimed = false;                         ///< Also return each flow's best partners that are not claimed.
    std::size_t most_partners = 3;                  ///< Of one flow of A; 0: all.
    std::uint64_t all_pairs_up_to = 4'000'000;      ///< Where more pairs are possible, the index says which are compared.
    std::size_t null_pairs = 8192;                  ///< Wrong pairs, and as many turned ones, that chance is judged by.
    std::uint64_t seed = 1;
    unsigned threads = 1;
    std::stop_token stop;
    std::function<void(std::size_t done, std::size_t all)> progress;
};

/// One flow of A that goes on in one of B.
struct BlindMatch {
    const flow::Flow* a = nullptr;
    const flow::Flow* b = nullptr;
    PairTotal total;
    double p = 1;         ///< Chance that an unrelated pair scores as high; no less than what is ever reported.
    double log_p = 0;     ///< The same by the fitted tail, unlimited: what the ranking and q rest on.
    double q = 1;         ///< Benjamini–Yekutieli over all pairs possible.
    bool claimed = false; ///< q is within bounds.
    std::size_t rank = 1; ///< Among the partners of the same flow of A.
};

/// What was found between two observers, and what it rests on.
struct BlindMatches {
    std::vector<BlindMatch> matches;      ///< Most certain first.
    PairClock clock;
    std::size_t flows_a = 0;              ///< Flows that could be compared.
    std::size_t flows_b = 0;
    std::size_t passed_over_a = 0;        ///< Too short, or without a course.
    std::size_t passed_over_b = 0;
    std::size_t windows = 0;
    std::uint64_t pairs_tested = 0;       ///< All pairs that live at the same time, also those that the index ruled out.
    std::uint64_t pairs_scored = 0;       ///< Of these, compared by the activity channel.
    std::size_t null_samples = 0;
    double expected_false_accusations = 0;
    bool interrupted = false;
};

/// Blind-spot matching (DESIGN, section 5): which flows of A go on in which of B, when nobody saw what lies between.
[[nodiscard]] Result<BlindMatches> match_blind_spot(const flow::FlowSource& a, const flow::FlowSource& b, const PairSearchOptions& options);

}  // namespace hw::trace
