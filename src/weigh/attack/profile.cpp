#include "weigh/attack/profile.hpp"

#include "base/sorted.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace hw::weigh::attack {
namespace {
namespace profiling {

/// A use without the report that is left out; nothing where only that one supports it.
std::optional<std::vector<std::uint32_t>> remaining(const Use& use, std::optional<std::uint32_t> without) {
    auto sources = use.sources;
    if (without && std::erase(sources, *without) > 0 && sources.empty()) { return std::nullopt; }
    return sources;
}

double rarity(double reports, double with) { return std::log((reports + 1) / (with + 0.5)); }

}  // namespace profiling
}  // namespace

Profiles::Profiles(const Library& library, std::optional<std::uint32_t> without) {
    learn_parents(library);
    learn_uses(library, without);
    count();
}

void Profiles::learn_parents(const Library& library) {
    const auto n = static_cast<std::uint32_t>(library.features.size());
    parent_.resize(n);
    software_.resize(n);
    for (std::uint32_t f = 0; f < n; ++f) {
        software_[f] = is_software(library.features[f]);
        parent_[f] = find_entry(library.features, parent_id(library.features[f].id)).value_or(f);
    }
}

void Profiles::learn_uses(const Library& library, std::optional<std::uint32_t> without) {
    using namespace profiling;
    std::vector<std::map<std::uint32_t, std::set<std::uint32_t>>> used(library.groups.size());
    std::vector<std::map<std::uint32_t, std::set<std::uint32_t>>> told(library.groups.size());
    for (const auto* uses : {&library.group_uses, &library.campaign_uses}) {
        for (const Use& use : *uses) {
            const auto sources = remaining(use, without);
            if (!sources) { continue; }
            used[use.group][use.feature].insert(sources->begin(), sources->end());
            for (const auto source : *sources) { told[use.group][source].insert(use.feature); }
        }
    }
    groups_.resize(library.groups.size());
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        Profile& profile = groups_[g];
        for (const auto& [feature, sources] : used[g]) {
            profile.features.push_back(feature);
            profile.counts.push_back(static_cast<std::uint32_t>(sources.size()));
        }
        for (const auto f : profile.features) { profile.parents.push_back(parent_[f]); }
        sort_once(profile.parents);
        for (const auto& [source, features] : told[g]) {
            profile.reports.push_back({.source = source, .year = library.sources[source].year, .features = {features.begin(), features.end()}});
        }
    }
}

void Profiles::count() {
    using namespace profiling;
    std::map<std::uint32_t, std::set<std::uint32_t>> by_report;
    std::vector<double> users(parent_.size()), parent_users(parent_.size());
    for (const Profile& profile : groups_) {
        for (const auto f : profile.features) { ++users[f]; }
        for (const auto p : profile.parents) { ++parent_users[p]; }
        for (const Report& report : profile.reports) { by_report[report.source].insert(report.features.begin(), report.features.end()); }
    }
    std::vector<double> reports(parent_.size());
    for (const auto& [source, features] : by_report) {
        for (const auto f : features) { ++reports[f]; }
    }
    const auto all = static_cast<double>(by_report.size()), groups = static_cast<double>(groups_.size());
    for (std::size_t f = 0; f < parent_.size(); ++f) {
        idf_.push_back(rarity(all, reports[f]));
        share_.push_back((users[f] + 0.5) / (groups + 1));
        parent_share_.push_back((parent_users[f] + 0.5) / (groups + 1));
    }
    for (Profile& profile : groups_) {
        for (Report& report : profile.reports) { report.norm = norm(report.features); }
    }
}

double Profiles::norm(std::span<const std::uint32_t> features) const {
    double sum = 0;
    for (const auto f : features) { sum += idf_[f] * idf_[f]; }
    return std::sqrt(sum);
}

}  // namespace hw::weigh::attack
