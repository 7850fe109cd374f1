#pragma once

#include "trace/hop.hpp"
#include "trace/trail.hpp"
#include "trace/views.hpp"

namespace hw::trace {

/// A host at which nothing upstream was found, and all that the judgement rests on.
struct EndingInput {
    net::Address host;
    const HopInput& hop;                ///< What was weighed.
    const HopResult& found;             ///< What came of it.
    const flow::CoveredHost& watch;     ///< Who watched the host.
};

/// The kind of an ending and why, in words.
struct Judged {
    EndingKind kind = EndingKind::lost;
    std::string reason;
};

/// What to say of a host when none of its flows is the partner. `source` is what is left when every doubt is excluded; each
/// rule is on the side of the shrug (docs/trace.md has them in a table).
[[nodiscard]] Judged judge_ending(const EndingInput& input, const flow::FlowSource& source, Views& views);

/// The end of the flow that is none of the host's addresses.
[[nodiscard]] const net::Address& far_end(const flow::Flow& flow, std::span<const net::Address> host);

}  // namespace hw::trace
