#include "weigh/score.hpp"

#include <algorithm>
#include <cmath>

namespace hw::weigh {

Score score(std::span<const double> chances, std::size_t truth) {
    Score told;
    for (std::size_t h = 0; h < chances.size(); ++h) { told.brier += std::pow(chances[h] - (h == truth ? 1.0 : 0.0), 2); }
    told.log_score = -std::log(chances[truth]);
    return told;
}

Calibration calibrate(std::span<const Said> all) {
    Calibration told;
    for (const Said& one : all) {
        auto& bin = told.bins[std::min(Calibration::kBins - 1, static_cast<std::size_t>(one.chance * static_cast<double>(Calibration::kBins)))];
        ++bin.count;
        bin.said += one.chance;
        bin.came += one.came_true ? 1 : 0;
    }
    for (auto& bin : told.bins) {
        if (bin.count == 0) { continue; }
        told.ece += std::fabs(bin.said - bin.came) / static_cast<double>(all.size());
        bin.said /= static_cast<double>(bin.count);
        bin.came /= static_cast<double>(bin.count);
    }
    return told;
}

}  // namespace hw::weigh
