#pragma once

#include "trace/link.hpp"
#include "trace/sequence_contacts.hpp"

#include <set>
#include <span>
#include <vector>

namespace hw::trace {

/// What to explain at one host: an action flow, and the other flows that the host's observer saw.
struct HopInput {
    std::vector<net::Address> host;       ///< The relay's addresses: usually one.
    const flow::Flow* action = nullptr;
    std::vector<const flow::Flow*> flows; ///< All flows of the host in this observer's view; the action may be among them.
    Interval seen;                        ///< When the observer was watching.
    std::set<net::Address> downstream;    ///< Hosts already on the trail: they cannot be upstream.
    const Contacts* contacts = nullptr;   ///< Who speaks to whom in all the data; without it the sequence channel is silent.
};

/// The control flows that may feed the action, best first, with the mass left to "none of them".
struct HopResult {
    LinkedFlow linked;
    std::uint64_t pairs = 0;
    /// Would a true partner have stood out? Chance that an unrelated pair scores as high as the action flow against
    /// itself; near 1 when the flow is too short, too sparse or too even for the channels to decide anything.
    double p_self = 1;
    /// How much likelier the host's lines of control make the action if one of them ordered it than if none did; and the flow of
    /// the likeliest, none where no line is likelier than not.
    Decibans order;
    const flow::Flow* order_flow = nullptr;
    /// A session that somebody opened to the host and gave commands in, at any time in the lookback before the action or
    /// during it. Whatever its rhythm, a person in it may have set the action going by other means than passing it on.
    const flow::Flow* session_flow = nullptr;
    /// ln of how much likelier the host's lines of control make what it did if one of them may have ordered it than if none did;
    /// 0 where nothing is known of orders.
    double log_evidence_of_orders = 0;
    bool interrupted = false;
};

/// Scores every flow of the host against the action on the channels that the data allow, sums them, and normalises
/// over all candidates and "none of them".
[[nodiscard]] HopResult explain_action(const HopInput& input, const LinkOptions& options);

}  // namespace hw::trace
