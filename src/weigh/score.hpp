#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace hw::weigh {

/// How good the chances were that were published, once the truth is known. Proper scores only: nobody gains by saying otherwise than he thinks.
struct Score {
    double brier = 0;     ///< Σ_h (P(h) − y(h))², 0 best, 2 worst (Brier 1950, over all hypotheses).
    double log_score = 0; ///< −ln P(truth), 0 best.
};

/// `chances`: by hypothesis; `truth`: which one holds.
[[nodiscard]] Score score(std::span<const double> chances, std::size_t truth);

/// Chances in ten bins, beside how often they came true.
struct Calibration {
    static constexpr std::size_t kBins = 10;
    struct Bin {
        std::size_t count = 0;
        double said = 0;  ///< Mean chance.
        double came = 0;  ///< Share that came true.
    };
    std::array<Bin, kBins> bins{};
    double ece = 0;  ///< Expected calibration error: mean of |said − came|, by count.
};

/// One chance that was published, and whether it came true.
struct Said {
    double chance = 0;
    bool came_true = false;
};
[[nodiscard]] Calibration calibrate(std::span<const Said> all);

/// Earlier claims of an origin, by how they turned out.
struct Record {
    double right = 0;
    double wrong = 0;
};
using Records = std::map<std::string, Record, std::less<>>;  ///< By origin.

}  // namespace hw::weigh
