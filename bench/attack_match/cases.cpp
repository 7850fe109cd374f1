#include "cases.hpp"

#include "base/sorted.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace hw::bench {

using namespace hw::weigh::attack;

std::vector<Case> cases_of(const Library& library) {
    constexpr std::ptrdiff_t kLeastTechniques = 5;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Features> seen;
    for (const Use& use : library.group_uses) {
        for (const auto source : use.sources) { seen[{use.group, source}].push_back(use.feature); }
    }
    // Whether a link stands without the report: another report supports it, or it is not the report's.
    const auto remains = [&](std::uint32_t group, std::uint32_t source) {
        return std::ranges::any_of(library.group_uses, [&](const Use& use) { return use.group == group && (use.sources.size() != 1 || use.sources.front() != source); });
    };
    std::vector<Case> cases;
    for (const auto& [which, features] : seen) {
        const auto techniques = std::ranges::count_if(features, [&](std::uint32_t f) { return !is_software(library.features[f]); });
        if (techniques >= kLeastTechniques) { cases.push_back({which.first, which.second, remains(which.first, which.second), {.features = features, .year = library.sources[which.second].year}}); }
    }
    return cases;
}

namespace {

std::vector<double> naive_scores(const Profiles& profiles, const Observed& observed) {
    constexpr double kMix = 0.3;
    std::vector<double> scores;
    for (const Profile& profile : profiles.groups()) {
        double sum = 0;
        for (const auto f : observed.features) {
            const double known = std::ranges::binary_search(profile.features, f) ? 1 : 0;
            sum += std::log(kMix * known + (1 - kMix) * profiles.share(f));
        }
        scores.push_back(sum);
    }
    return scores;
}

}  // namespace

Trial trial_of(const Library& library, const Case& one, std::size_t count, std::size_t times, std::mt19937_64& random) {
    const Profiles profiles(library, one.source);
    Trial trial{.remains = one.remains, .plain = {one.group, one.observed, likenesses(profiles, one.observed)}, .naive = naive_scores(profiles, one.observed), .planted = {}};
    while (trial.planted.size() < times) {
        const auto decoy = static_cast<std::uint32_t>(random() % profiles.groups().size());
        if (decoy == one.group) { continue; }
        Features rare;
        for (const auto f : profiles.groups()[decoy].features) {
            if (!profiles.software(f) && !std::ranges::binary_search(one.observed.features, f)) { rare.push_back(f); }
        }
        if (rare.size() < count) { continue; }
        std::ranges::stable_sort(rare, {}, [&](std::uint32_t f) { return profiles.share(f); });
        Observed observed = one.observed;
        observed.features.insert(observed.features.end(), rare.begin(), rare.begin() + static_cast<std::ptrdiff_t>(count));
        sort_once(observed.features);
        auto like = likenesses(profiles, observed);
        trial.planted.push_back({decoy, {one.group, std::move(observed), std::move(like)}});
    }
    return trial;
}

}  // namespace hw::bench
