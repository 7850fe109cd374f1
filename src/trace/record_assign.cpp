#include "trace/record_assign.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {
constexpr int kMostRounds = 60;
constexpr double kSettled = 1e-5;
}  // namespace

std::vector<double> match_one_to_one(std::span<const PairOdds> pairs, std::size_t ins, std::size_t outs) {
    // to_out[e]: how much the inflow asks for the outflow. to_in[e]: how free the outflow is for the inflow.
    std::vector<double> to_out(pairs.size());
    std::vector<double> to_in(pairs.size(), 1.0);
    std::vector<double> asked(outs);
    std::vector<double> offered(ins);
    for (int round = 0; round < kMostRounds; ++round) {
        std::ranges::fill(offered, 0.0);
        for (std::size_t e = 0; e < pairs.size(); ++e) { offered[pairs[e].in] += pairs[e].odds * to_in[e]; }
        std::ranges::fill(asked, 0.0);
        for (std::size_t e = 0; e < pairs.size(); ++e) {
            const double own = pairs[e].odds * to_in[e];
            to_out[e] = pairs[e].odds / (1 + std::max(0.0, offered[pairs[e].in] - own));
            asked[pairs[e].out] += to_out[e];
        }
        double change = 0;
        for (std::size_t e = 0; e < pairs.size(); ++e) {
            const double free = 1 / (1 + std::max(0.0, asked[pairs[e].out] - to_out[e]));
            change = std::max(change, std::abs(free - to_in[e]));
            to_in[e] = free;
        }
        if (change < kSettled) { break; }
    }
    std::ranges::fill(offered, 0.0);
    for (std::size_t e = 0; e < pairs.size(); ++e) { offered[pairs[e].in] += pairs[e].odds * to_in[e]; }
    std::vector<double> chance(pairs.size());
    for (std::size_t e = 0; e < pairs.size(); ++e) { chance[e] = pairs[e].odds * to_in[e] / (1 + offered[pairs[e].in]); }
    return chance;
}

}  // namespace hw::trace
