#include "weigh/attack/match.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hw::weigh::attack {

std::vector<double> among_groups(std::span<const Likeness> likenesses, const std::array<double, kTraits>& weights) {
    std::vector<double> chances;
    chances.reserve(likenesses.size());
    for (const Likeness& like : likenesses) { chances.push_back(std::inner_product(weights.begin(), weights.end(), like.traits.begin(), 0.0)); }
    if (chances.empty()) { return chances; }
    const double greatest = std::ranges::max(chances);
    double sum = 0;
    for (double& chance : chances) { sum += chance = std::exp(chance - greatest); }
    for (double& chance : chances) { chance /= sum; }
    return chances;
}

NoneTraits none_traits(std::span<const Likeness> likenesses, std::span<const double> among, const Observed& observed) {
    const auto greatest = [&](Trait trait) {
        double most = 0;
        for (const Likeness& like : likenesses) { most = std::max(most, like[trait]); }
        return most;
    };
    const double share = among.empty() ? 0 : std::ranges::max(among);
    return {{1, greatest(Trait::best_report), greatest(Trait::coverage), greatest(Trait::robust_coverage), share, std::log1p(static_cast<double>(observed.features.size()))}};
}

Match match(std::span<const Likeness> likenesses, const Observed& observed, const Model& model) {
    Match told{.groups = among_groups(likenesses, model.weights), .none = 0};
    const auto none = none_traits(likenesses, told.groups, observed);
    told.none = 1 / (1 + std::exp(-std::inner_product(model.none.begin(), model.none.end(), none.terms.begin(), 0.0)));
    return told;
}

Match match(const Profiles& profiles, const Observed& observed, const Model& model) { return match(likenesses(profiles, observed), observed, model); }

}  // namespace hw::weigh::attack
