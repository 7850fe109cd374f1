#pragma once

#include "base/time.hpp"
#include "net/address.hpp"
#include "trace/trail.hpp"

#include <span>
#include <vector>

namespace hw::trace {

/// The expected gain, in bits, of being shown all traffic of a host at which a trail of probability `mass` ends unseen:
/// mass · H(½) = mass. Before its data are seen, that the host is the first machine and that it is one more relay are held
/// equally likely (the prior of docs/trace.md), and its data decide between them (value of information: Howard 1966, for a
/// loss that counts bits).
[[nodiscard]] double expected_bits(double mass);

/// Whose data to ask for, best first: every host at which trails end because nobody who watched it has been asked, with
/// all trails that end there counted together, and the stretch of time that the request should name (on the clock of the
/// observer who saw the flow that leads there, with `margin` on either side). Hosts gaining under 0.01 bits are left out.
[[nodiscard]] std::vector<Ask> rank_asks(std::span<const Trail> trails, Duration margin);

}  // namespace hw::trace
