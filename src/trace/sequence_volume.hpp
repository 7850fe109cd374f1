#pragma once

#include "base/decibans.hpp"
#include "trace/sequence_orders.hpp"
#include "trace/sequence_relation.hpp"

#include <span>
#include <vector>

namespace hw::trace {

/// Pull, then push: how much better "what the host got over a relation before the act is what it then sent to the action's
/// partner" explains the volumes than those of the host's other flows do; and the way back, what it read from that
/// partner against what it then sent over the relation. Between −5 and 20 dB: tools may arrive in pieces, and answers stay.
///
/// LR = 1 − s + s·Σ share·f1(ln ratio)/f0(ln bytes), with f1 a narrow and a broad Laplace density about 0 (the same bytes in
/// other wrapping), f0 a kernel density over the volumes that the host's other flows carried the same way.
class VolumeMatch {
public:
    /// `acts`: flows to the action's partner; `all`: the host's relations. Both must live as long.
    VolumeMatch(std::span<const flow::Flow* const> acts, std::span<const Relation> all, std::span<const net::Address> host);
    [[nodiscard]] Decibans weigh(const Relation& relation, const Orders& orders) const;

private:
    struct Act {
        const flow::Flow* flow = nullptr;
        double pushed = 0;       ///< Bytes to the action's partner.
        double read = 0;         ///< Bytes back.
        double alike_got = 0;    ///< Kernel sum of all flows' volumes to the host, at `pushed`.
        double alike_sent = 0;   ///< The same of the host's own, at `read`.
    };
    std::vector<Act> acts_;
    double got_ = 0;   ///< How many flows brought the host much.
    double sent_ = 0;
};

}  // namespace hw::trace
