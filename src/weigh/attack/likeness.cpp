#include "weigh/attack/likeness.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

namespace hw::weigh::attack {
namespace {
namespace comparing {

constexpr double kUnknownYears = 3;   ///< Taken between an intrusion and a report where one of them has no date.
constexpr double kRecentYears = 2;    ///< After so many, a report says 1/e as much.
constexpr double kActivityYears = 1.5;

Features shared(const Features& a, const Features& b) {
    Features both;
    std::ranges::set_intersection(a, b, std::back_inserter(both));
    return both;
}

/// Without its `kPlantable` greatest.
double robust_sum(std::vector<double> parts) {
    std::ranges::sort(parts, std::greater());
    return parts.size() <= kPlantable ? 0 : std::accumulate(parts.begin() + kPlantable, parts.end(), 0.0);
}

double quotient(double above, double below) { return below > 0 ? above / below : 0; }

/// What is observed, with what is worked out of it once for all groups.
struct Seen {
    const Observed& observed;
    double norm = 0, rarity = 0;
};

void compare_reports(Likeness& like, const Profiles& profiles, const Profile& profile, const Seen& seen) {
    double sum = 0;
    for (const Report& report : profile.reports) {
        double both = 0;
        for (const auto f : shared(seen.observed.features, report.features)) { both += profiles.idf(f) * profiles.idf(f); }
        const double cosine = quotient(both, seen.norm * report.norm);
        sum += cosine;
        const double years = seen.observed.year && report.year ? std::fabs(*seen.observed.year - *report.year) : kUnknownYears;
        like[Trait::best_recent] = std::max(like[Trait::best_recent], cosine * std::exp(-years / kRecentYears));
        like[Trait::best_report] = std::max(like[Trait::best_report], cosine);
    }
    like[Trait::all_reports] = std::log1p(sum);
}

/// Reports that name a feature raise the chance that the group uses it: one half, by a factor of .6 less for each missing.
double use_weight(std::uint32_t reports, double share) {
    constexpr double kMost = 0.5, kLeft = 0.6;
    return std::log1p(kMost * (1 - std::pow(kLeft, reports)) / share);
}

void compare_profile(Likeness& like, const Profiles& profiles, const Profile& profile, const Seen& seen) {
    constexpr double kParentOnly = 0.15;
    std::vector<double> covered;
    for (const auto f : seen.observed.features) {
        const auto found = std::ranges::lower_bound(profile.features, f);
        if (found != profile.features.end() && *found == f) {
            covered.push_back(profiles.idf(f));
            const auto reports = profile.counts[static_cast<std::size_t>(found - profile.features.begin())];
            if (profiles.software(f)) { like[Trait::software] += use_weight(std::max<std::uint32_t>(1, reports), profiles.share(f)); }
        } else if (!profiles.software(f) && std::ranges::binary_search(profile.parents, profiles.parent(f))) {
            like[Trait::parents_only] += std::log1p(kParentOnly / profiles.parent_share(profiles.parent(f)));
        }
    }
    like[Trait::coverage] = quotient(std::accumulate(covered.begin(), covered.end(), 0.0), seen.rarity);
    like[Trait::robust_coverage] = quotient(robust_sum(std::move(covered)), seen.rarity);
    like[Trait::size] = -std::sqrt(static_cast<double>(profile.features.size()));
}

void compare_activity(Likeness& like, const Profile& profile, const Observed& observed) {
    constexpr double kFloor = 0.02, kPrior = 0.3;
    if (!observed.year) { return; }
    double dense = 0, dated = 0;
    for (const Report& report : profile.reports) {
        if (!report.year) { continue; }
        dense += std::exp(-std::fabs(*observed.year - *report.year) / kActivityYears) / (2 * kActivityYears);
        ++dated;
    }
    like[Trait::activity] = std::log((dense + kFloor) / (dated + kPrior));
}

}  // namespace comparing
}  // namespace

std::string_view to_string(Trait trait) {
    constexpr std::array<std::string_view, kTraits> kNames{"best report", "best recent report", "all reports", "coverage", "robust coverage", "software", "parents only", "size", "activity"};
    return kNames[static_cast<std::size_t>(trait)];
}

std::vector<Likeness> likenesses(const Profiles& profiles, const Observed& observed) {
    using namespace comparing;
    Seen seen{.observed = observed, .norm = profiles.norm(observed.features)};
    for (const auto f : observed.features) { seen.rarity += profiles.idf(f); }
    std::vector<Likeness> all;
    all.reserve(profiles.groups().size());
    for (const Profile& profile : profiles.groups()) {
        Likeness& like = all.emplace_back();
        compare_reports(like, profiles, profile, seen);
        compare_profile(like, profiles, profile, seen);
        compare_activity(like, profile, observed);
    }
    return all;
}

}  // namespace hw::weigh::attack
