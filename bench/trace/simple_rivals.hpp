#pragma once

#include "cut.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace hw::bench {

/// Packets of each second, less their mean and of unit length, so that Pearson's correlation is a dot product; all zero where flat.
struct SecondBins {
    std::vector<double> commands;
    std::vector<double> answers;
};
[[nodiscard]] SecondBins second_bins(const Cut& cut);

/// Pearson's correlation of two flows' packets a second at lag 0, the mean of commands and answers.
[[nodiscard]] double second_bin_score(const SecondBins& up, const SecondBins& down);

/// The gaps between a way's first packets, `kGaps` of them at most (the 300 packets that packet-index methods look at).
struct Gaps {
    std::vector<double> commands;
    std::vector<double> answers;
};
inline constexpr std::size_t kGaps = 300;
[[nodiscard]] Gaps first_gaps(const Cut& cut);

/// The cosine between two flows' gaps, gap by gap, the mean of commands and answers; a way with fewer than 10 gaps on a side counts 0.
[[nodiscard]] double gap_cosine(const Gaps& up, const Gaps& down);

}  // namespace hw::bench
