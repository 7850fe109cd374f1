#pragma once

#include "flow/flow.hpp"
#include "trace/series.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hw::trace {

/// min ‖A·x − b‖ over x ≥ 0 by the active-set method of Lawson & Hanson (Solving Least Squares Problems, 1974, chapter 23,
/// algorithm NNLS). `columns` are A's columns, all of b's length; columns that others make up exactly get no weight of
/// their own. Ends after at most 3·columns exchanges.
[[nodiscard]] std::vector<double> non_negative_least_squares(std::span<const std::vector<double>> columns, std::span<const double> b);

/// A stream that may run inside a tunnel, and which end of it the relay is.
struct SharedStream {
    const flow::Flow* flow = nullptr;
    bool opened = false;  ///< The relay is its client.
};

/// One stream's part in a tunnel.
struct StreamShare {
    std::size_t stream = 0;  ///< Index into the streams given.
    double weight = 0;       ///< Tunnel bytes a byte of the stream: near 1 for a stream that is inside it.
};

/// What of a tunnel's activity its streams explain.
struct TunnelShares {
    std::vector<StreamShare> streams;  ///< Those with a weight of `kLeastStreamWeight` and more, the heaviest first.
    double explained = 0;              ///< Share of the tunnel's variation over time that they account for, 0 to 1.
};
inline constexpr double kLeastStreamWeight = 0.2;
inline constexpr std::size_t kMostSharedStreams = 256;  ///< More candidates than these are cut to those of most bytes.

/// Many streams, one tunnel (`ssh -D`, VPN, TLS that is multiplexed): no stream alone resembles the tunnel, their sum does.
/// Explains the tunnel's bytes over time, both senses, at a width of one second (or the activity's own, where wider), as a
/// sum of the streams' with weights of 0 and more. A tunnel or streams without activity give an empty answer.
[[nodiscard]] TunnelShares explain_tunnel(const flow::Flow& tunnel, bool tunnel_opened, std::span<const SharedStream> streams);

}  // namespace hw::trace
