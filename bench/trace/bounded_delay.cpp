#include "bounded_delay.hpp"

#include <algorithm>

namespace hw::bench {

std::size_t match_within(const std::vector<double>& arrivals, const std::vector<double>& departures, double bound_s) {
    std::size_t matched = 0;
    std::size_t a = 0;
    std::size_t d = 0;
    while (a < arrivals.size() && d < departures.size()) {
        if (departures[d] < arrivals[a]) {
            ++d;
        } else if (departures[d] > arrivals[a] + bound_s) {
            ++a;
        } else {
            ++matched;
            ++a;
            ++d;
        }
    }
    return matched;
}

double bounded_delay_score(const Cut& up, const Cut& down, double bound_s) {
    const std::size_t all = up.commands.size() + down.commands.size() + up.answers.size() + down.answers.size();
    if (all == 0) { return 0; }
    const std::size_t matched = match_within(up.commands, down.commands, bound_s) + match_within(down.answers, up.answers, bound_s);
    return 2 * static_cast<double>(matched) / static_cast<double>(all);
}

double maximum_variation(const std::vector<double>& arrivals, const std::vector<double>& departures) {
    double level = 0;
    double highest = 0;
    double lowest = 0;
    std::size_t a = 0;
    std::size_t d = 0;
    while (a < arrivals.size() || d < departures.size()) {
        const bool arrival = d == departures.size() || (a < arrivals.size() && arrivals[a] <= departures[d]);
        level += arrival ? 1 : -1;
        (arrival ? a : d) += 1;
        highest = std::max(highest, level);
        lowest = std::min(lowest, level);
    }
    return highest - lowest;
}

double maximum_variation_score(const Cut& up, const Cut& down) {
    const auto way = [](const std::vector<double>& in, const std::vector<double>& out) {
        const auto fewer = static_cast<double>(std::min(in.size(), out.size()));
        return fewer > 0 ? 1 - maximum_variation(in, out) / fewer : 0.0;
    };
    return (way(up.commands, down.commands) + way(down.answers, up.answers)) / 2;
}

}  // namespace hw::bench
