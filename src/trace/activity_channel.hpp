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
    double z_fair = 0;        ///< z, brought down where strangers of the same minutes are alike for reasons of their own.
    double z_self = 0;        ///< The same for the action against a perfect copy of itself.
    double log_null = 0;      ///< ln of the density of unrelated scores at z_fair.
    double shared_s = 0;      ///< How long the two flows were compared over.
    double busy = 0;          ///< Share of the bins in which the quieter of the two flows says something.
    double burst = 0;         ///< Packets in such a bin, geometric mean of the two flows.
    double unlike = 0;        ///< |ln| of the ratio of bins in which the flows say something, commands or answers, whichever differ more.
    Decibans weight;          ///< For the link, against an unrelated pair.
    double log_p = 0;         ///< ln of the chance that an unrelated pair scores as high: by the background profile.
    double log_p_local = 0;   ///< The same by this host's own shifted pairs.
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
