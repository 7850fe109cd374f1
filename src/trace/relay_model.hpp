#pragma once

#include "flow/timings.hpp"

#include <cstddef>
#include <span>

namespace hw::trace {

/// What the far round trips of one method say of a peer.
struct MethodEvidence {
    flow::FarMethod method{};
    std::size_t samples = 0;
    double min_ms = 0;
    double jitter_ms = 0;  ///< Mean of what comes on top of the minimum.
};

/// What the round trips to the machine whose TCP answers say of it.
struct TransportEvidence {
    std::size_t samples = 0;
    double min_ms = 0;
    double jitter_ms = 0;
};

/// Mean excess over the minimum, from the median so that delayed acknowledgements and retransmissions do not count, and drawn towards
/// one millisecond where samples are few: `(n·(median − min)/ln 2 + 3·1 ms)/(n + 3)`. `sorted_ms` in rising order.
[[nodiscard]] double jitter_of(std::span<const double> sorted_ms);

/// ln of P(one method's timings | a relay with a detour stands between) / P(the same | the peer itself answers).
///
/// The peer's TCP answers after d, whoever reads after d + g + c: g is the detour behind a relay (0 for none), c the time that
/// whoever reads takes to wake up and work the answer out. Path noise is exponential, so that the smallest of n samples is a
/// sufficient statistic of the shift beneath, with scale jitter/n (the least of n exponentials). With the smallest far round trip F
/// of n_F, and the smallest transport round trip T of n_T:
///
///     δ = F − T − g − κ·w,   a = jitter_F/n_F + κ·w/5 + 0.2 ms,   b = jitter_T/n_T + 0.2 ms
///     f(δ) = (1 − ε)·(e^(−δ/a) for δ ≥ 0, e^(δ/b) for δ < 0)/(a + b) + ε·[0 ≤ δ < 1 s]/1 s,   ε = 0.005
///
/// w is what the method costs an ordinary client (see `work_ms`), κ how slow this client is: log-normal about 1 with σ = 0.9, so
/// that one client in a thousand takes 24 ms over a key exchange. No answer can come before the question has got there: below
/// zero f has no tail but the noise. Direct: g = 0. Relay: g log-uniform over 2 to 300 ms. Both are integrated over κ, the latter
/// over g too, on a fixed grid.
///
/// Of several methods the one with the smallest far round trip is to be asked: a distance delays all alike, so a method that shows
/// no gap refutes the others. A key exchange over which a slow client computes for long says nothing where its light turns are
/// quick, and what all methods have in common (a client that wakes up late) must not count twice.
[[nodiscard]] double relay_log_ratio(const TransportEvidence& transport, const MethodEvidence& method);

/// What an answer by this method costs an ordinary client or server, in ms: full key exchanges more than light turns.
[[nodiscard]] double work_ms(flow::FarMethod method);

}  // namespace hw::trace
