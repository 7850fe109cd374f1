#pragma once

#include "base/decibans.hpp"
#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <optional>
#include <span>

namespace hw::trace {

/// An order that may have made a host act.
struct OrderMatch {
    Decibans llr;
    const flow::Flow* flow = nullptr;  ///< The flow that carried the last burst before the action.
    Duration before{0};                ///< How long before the action that burst came.
};

/// The sequence channel, in its first and simple form (DESIGN, section 5, D): did `partner` speak to `host` within two
/// seconds before the host opened `action`, and how surprising is that given how often it speaks anyway?
///
/// LLR = ln(0.7/f) when it did and ln(0.3/(1−f)) when it did not, f the share of two-second spells in `lookback` before
/// the action in which it speaks, at least one in their number. `flows` are those between host and partner, all with a
/// course. Nothing where the channel does not apply: the action was not opened by the host; or the partner neither opened
/// a connection to the host nor was asked at least three times (a page fetched once cannot be told from an order).
[[nodiscard]] std::optional<OrderMatch> match_orders(std::span<const flow::Flow* const> flows, const flow::Flow& action,
                                                     const net::Address& host, Interval seen, Duration lookback);

}  // namespace hw::trace
