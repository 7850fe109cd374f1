#pragma once

#include "base/decibans.hpp"
#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"
#include "trace/sequence_contacts.hpp"
#include "trace/sequence_relation.hpp"

#include <functional>
#include <span>
#include <vector>

namespace hw::trace {

/// What the sequence channel goes by at one host.
struct SequenceInput {
    std::span<const net::Address> host;
    const flow::Flow* action = nullptr;
    std::span<const flow::Flow* const> flows;  ///< Of the host, in one observer's view, well before and after the action.
    Interval seen;                             ///< When that observer was watching.
    Duration lookback{0};
    const Contacts* contacts = nullptr;
    std::function<bool(const net::Address&)> may_command;  ///< Not the host, nobody downstream.
};

/// One line of control that may have made the host act.
struct OrderMatch {
    net::Address partner;
    const flow::Flow* flow = nullptr;  ///< The flow that tells most: the poll or the session before the act.
    bool opened = false;               ///< The host opened it: call-back.
    std::size_t flows = 0;             ///< How many make up the line of control.
    Decibans kind;                     ///< What the relation is like, whatever the host did.
    Decibans timing;                   ///< The act against the moments at which an order may have come.
    Decibans volume;                   ///< What was fetched was pushed on; what was read was sent back.
    Decibans llr;                      ///< All of it, discounted and limited.
};

/// The sequence channel (DESIGN, section 5, D): which of the host's relations gave the order for `action`?
///
/// The act is the action's beginning where the host opened it. Where its partner downstream opened it (call-back, polls), it
/// is what the host did to that partner just before it first called: the plant. One entry a relation, unordered; without
/// `contacts` none.
[[nodiscard]] std::vector<OrderMatch> match_orders(const SequenceInput& input);

}  // namespace hw::trace
