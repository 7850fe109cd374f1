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
    double by_chance = 0;              ///< The most that the same streams account for when moved by an eighth to seven eighths of the tunnel's life.
};
/// A tunnel adds headers and padding to a stream; it neither swallows half of it nor repeats it.
inline constexpr double kLeastStreamWeight = 0.6;
inline constexpr double kMostStreamWeight = 1.7;
inline constexpr std::size_t kMostSharedStreams = 96;  ///< More candidates than these are cut to those most like the tunnel …
inline constexpr std::size_t kBinsAStream = 4;         ///< … and to one for so many bins: with fewer anything can be explained.
inline constexpr std::size_t kFewestTunnelBins = 20;   ///< A tunnel of fewer is not explained.
/// A stream counts only where in so many bins it is most of what the tunnel carries, and carries the right amount: one burst
/// that falls together with another's is chance.
inline constexpr std::size_t kFewestOwnBins = 6;

/// Many streams, one tunnel (`ssh -D`, VPN, TLS that is multiplexed): no stream alone resembles the tunnel, their sum does.
/// Explains the tunnel's bytes over time, both senses, at a width of half a second (or the activity's own, where wider), as a
/// sum of the streams' with weights of 0 and more. A stream of which only totals are known is taken to have spoken evenly
/// (where the tunnel's own course is an exporter's minutes, that is all there is). A tunnel without activity gives an empty answer.
[[nodiscard]] TunnelShares explain_tunnel(const flow::Flow& tunnel, bool tunnel_opened, std::span<const SharedStream> streams);

}  // namespace hw::trace
