#include "weigh/finding.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace findings {

constexpr double kEarthRadiusKm = 6371;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// Whether what the hypothesis says of its networks holds of the finding; nothing where one of them does not say.
std::optional<bool> inside(const Finding& finding, const Hypothesis& hypothesis) {
    if (finding.asn && !hypothesis.asns.empty()) { return std::ranges::find(hypothesis.asns, *finding.asn) != hypothesis.asns.end(); }
    if (finding.country && !hypothesis.countries.empty()) { return std::ranges::find(hypothesis.countries, *finding.country) != hypothesis.countries.end(); }
    return std::nullopt;
}

double by_trail(const Finding& finding, const Hypothesis& hypothesis, std::string& because) {
    const auto within = inside(finding, hypothesis);
    if (!within) { return kUndecided; }
    because += fmt::format("; {} works {} the network where the trail ends", hypothesis.id, *within ? "from" : "from elsewhere than");
    return finding.probability * (*within ? 1 - kElsewhere : kElsewhere) + (1 - finding.probability) * kUndecided;
}

double by_distance(const Finding& finding, const Hypothesis& hypothesis, std::string& because) {
    if (!hypothesis.place) { return kUndecided; }
    const double far = distance_km(finding.observer, *hypothesis.place);
    const double spread = hypothesis.place->radius_km + finding.observer.radius_km;
    if (far - spread > finding.max_km) {
        because += fmt::format("; {} is at least {:.0f} km away: excluded but for a machine elsewhere", hypothesis.id, far - spread);
        return kElsewhere;
    }
    if (far + spread <= finding.max_km) {
        because += fmt::format("; {} is at most {:.0f} km away: within reach", hypothesis.id, far + spread);
        return 1 - kElsewhere;
    }
    because += fmt::format("; {} is {:.0f} km away give or take {:.0f}: cannot be told", hypothesis.id, far, spread);
    return kUndecided;
}

}  // namespace findings
}  // namespace

double distance_km(const Place& a, const Place& b) {
    using findings::radians;
    const double north = radians(b.latitude - a.latitude), east = radians(b.longitude - a.longitude);
    const double half = std::pow(std::sin(north / 2), 2) + std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) * std::pow(std::sin(east / 2), 2);
    return 2 * findings::kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(half)));
}

void derive_likelihoods(Evidence& evidence) {
    using namespace findings;
    for (Item& item : evidence.items) {
        if (!item.finding || !item.likelihood.empty()) { continue; }
        if (item.finding->kind == Finding::Kind::techniques) {
            if (item.derived.empty()) { item.derived = "its techniques were not matched: no library was given (--attack)"; }
            continue;
        }
        const bool trail = item.finding->kind == Finding::Kind::trail_ending;
        std::string because = trail ? fmt::format("the trail starts there with {:.2f}", item.finding->probability) : fmt::format("whoever answers stands within {:.0f} km", item.finding->max_km);
        bool told = false;
        for (const Hypothesis& hypothesis : evidence.hypotheses) {
            const double chance = trail ? by_trail(*item.finding, hypothesis, because) : by_distance(*item.finding, hypothesis, because);
            item.likelihood[hypothesis.id] = chance;
            told = told || chance != kUndecided;
        }
        item.derived = told ? because : because + "; no hypothesis says where its actors would be";
        if (!told) { item.likelihood.clear(); }
    }
}

}  // namespace hw::weigh
