#pragma once

#include "trace/link.hpp"

#include <span>
#include <vector>

namespace hw::trace {

/// A flow of a relay, and which end of it the relay is.
struct RelayFlow {
    const flow::Flow* flow = nullptr;
    bool opened = false;  ///< The relay is its client.
};

/// What the activity channel says of one control flow.
struct ActivityScore {
    bool comparable = false;  ///< Both flows have a course, and the action one long enough; else nothing below means anything.
    double z = 0;
    Decibans weight;          ///< For the link, against an unrelated pair.
    double log_p = 0;         ///< ln of the chance that an unrelated pair scores as high.
    Duration lag_request{0};
    Duration lag_reply{0};
    double scale_s = 0;       ///< The bin width at which the pair stands out most.
};

/// The channel's word on every control flow, and on what could have been.
struct ActivityScores {
    std::vector<ActivityScore> controls;  ///< One a control flow, in their order.
    /// ln of the same chance for the action flow against a perfect copy of itself: how far a true partner could have
    /// stood out. 0: not at all.
    double log_p_self = 0;
};

/// The activity channel over all control flows that might feed one action flow (docs/trace.md has it in words).
[[nodiscard]] ActivityScores score_activity(const RelayFlow& action, std::span<const RelayFlow> controls, const LinkOptions& options);

}  // namespace hw::trace
