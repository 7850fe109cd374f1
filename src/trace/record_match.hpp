#pragma once

#include "base/decibans.hpp"
#include "flow/flow.hpp"

#include <span>
#include <vector>

namespace hw::trace {

/// What two flow records, totals only, say of being the two sides of one relay.
struct RecordFeatures {
    double start_delay_s = 0;    ///< Action's first packet less the control's.
    double end_delay_s = 0;      ///< Action's last packet less the control's.
    double commands_ratio = 0;   ///< ln((action + 20) / (control + 20)) of the payload bytes towards the victim.
    double answers_ratio = 0;    ///< The same for the payload bytes back from it.
};

/// What the records of a relay's two flows say; `control_opened` and `action_opened`: the relay is that flow's client.
[[nodiscard]] RecordFeatures record_features(const flow::Flow& control, bool control_opened, const flow::Flow& action, bool action_opened);

/// What the record channel says, in two parts: when the flows began and ended is also seen by the activity channel, how
/// much they carried is not.
struct RecordWeight {
    Decibans timing;
    Decibans volume;
    [[nodiscard]] Decibans total() const { return timing + volume; }
};

/// The record channel (DESIGN, section 5, B), first form: Σ over features of ln f1/f0, with f1 the density under "the two
/// sides of one relay" (mixtures of exponentials and Laplace densities: prompt proxies, sessions typed on by hand, tunnels
/// opened beforehand) and f0 that of `unrelated`, pairs at the same host of which at most one side is that of the pair
/// tested. The fewer there are, the more f0 leans on a broad density over `span_s` seconds, by
/// which an unrelated flow can be off (the action's length and the longest lag either way).
[[nodiscard]] RecordWeight match_records(const RecordFeatures& pair, std::span<const RecordFeatures> unrelated, double span_s);

}  // namespace hw::trace
