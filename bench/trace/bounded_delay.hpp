#pragma once

#include "cut.hpp"

#include <cstddef>
#include <vector>

namespace hw::bench {

/// He & Tong, "Detecting encrypted stepping-stone connections", IEEE Trans. Signal Processing 55(5), 2007: if a relay holds no
/// packet longer than a bound, its packets can be matched in order to those that came in, and what is left over is chaff.
///
/// Matches in order, greedily, every arrival with the first departure in [arrival, arrival + bound] (section V, bounded delay
/// with chaff; the greedy match leaves the least chaff). Returns the number of pairs matched.
[[nodiscard]] std::size_t match_within(const std::vector<double>& arrivals, const std::vector<double>& departures, double bound_s);

/// 1 − the share of packets of both flows, both ways, that the greedy match takes for chaff: 1 is a perfect relay.
[[nodiscard]] double bounded_delay_score(const Cut& up, const Cut& down, double bound_s);

/// The memory a relay would have needed (section IV, "detect maximum variation"): the largest less the smallest of the running
/// difference between arrivals and departures.
[[nodiscard]] double maximum_variation(const std::vector<double>& arrivals, const std::vector<double>& departures);

/// 1 − that memory as a share of the packets of the way with fewer, the mean of both ways: without the share, flows of few packets
/// would win. A way without packets on either side counts 0.
[[nodiscard]] double maximum_variation_score(const Cut& up, const Cut& down);

}  // namespace hw::bench
