#include "trace/profile.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {
namespace profile_parts {

constexpr double kBriefS = 30;
constexpr double kQuickS = 60;
constexpr double kLongS = 120;
constexpr double kSparse = 0.15;
constexpr double kSingle = 3;
constexpr double kTwin = 0.2;   // ln 1.2, rounded
constexpr double kAlike = 0.7;  // ln 2, rounded
constexpr double kTailShare = 0.01;
constexpr std::size_t kFewestInTail = 30;
/// What the tails of classes of a hundred thousand laboratory pairs and more are like: shapes of 0 to 0.2.
constexpr ShapePrior kShape{.usual = 0.1, .spread = 0.1};
/// Chances at which the counted part is kept; the tail's own threshold comes last.
constexpr std::array kChances{0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.015};

/// As a profile writes it: what is stored is what is used.
double kept(double x) {
    if (x == 0 || !std::isfinite(x)) { return x; }
    const double unit = std::pow(10.0, 5 - std::floor(std::log10(std::abs(x))));
    return std::round(x * unit) / unit;
}

}  // namespace profile_parts
}  // namespace

TrafficClass class_of(const TrafficTraits& t) {
    using namespace profile_parts;
    TrafficClass c;
    c.protocol = t.tcp ? TrafficClass::Protocol::tcp : TrafficClass::Protocol::other;
    c.length = t.shared_s < kBriefS   ? TrafficClass::Length::brief
               : t.shared_s < kQuickS ? TrafficClass::Length::quick
               : t.shared_s < kLongS  ? TrafficClass::Length::middle
                                      : TrafficClass::Length::long_lived;
    c.pace = t.busy < kSparse ? TrafficClass::Pace::sparse : TrafficClass::Pace::busy;
    c.burst = t.burst <= kSingle ? TrafficClass::Burst::single : TrafficClass::Burst::bursts;
    c.likeness = t.unlike < kTwin ? TrafficClass::Likeness::twin : t.unlike < kAlike ? TrafficClass::Likeness::alike : TrafficClass::Likeness::unlike;
    return c;
}

std::array<TrafficClass, kClassLevels> widened(const TrafficClass& narrow) {
    std::array<TrafficClass, kClassLevels> level;
    level.fill(narrow);
    for (std::size_t i = 1; i < kClassLevels; ++i) { level[i].protocol = TrafficClass::Protocol::any; }
    for (std::size_t i = 2; i < kClassLevels; ++i) { level[i].length = TrafficClass::Length::any; }
    for (std::size_t i = 3; i < kClassLevels; ++i) { level[i].burst = TrafficClass::Burst::any; }
    for (std::size_t i = 4; i < kClassLevels; ++i) { level[i].pace = TrafficClass::Pace::any; }
    level[5].likeness = TrafficClass::Likeness::any;
    return level;
}

double ClassNull::log_p(double z) const {
    if (knots.empty() || z <= knots.front().first) { return 0; }
    const auto above = std::ranges::upper_bound(knots, z, {}, &std::pair<double, double>::first);
    const auto& below = *(above - 1);
    if (above == knots.end()) { return std::log(below.second) + tail.log_beyond(z - below.first); }
    const double share = (z - below.first) / (above->first - below.first);
    return std::log(below.second) + share * (std::log(above->second) - std::log(below.second));
}

ClassNull learn_class(const TrafficClass& of, std::vector<double> scores, std::uint64_t flows) {
    using namespace profile_parts;
    ClassNull null;
    null.of = of;
    null.pairs = scores.size();
    null.flows = flows;
    std::ranges::sort(scores);
    const std::size_t n = scores.size();
    if (n < kFewestInTail + 1) { return null; }
    const std::size_t in_tail = std::min(n - 1, std::max(kFewestInTail, static_cast<std::size_t>(kTailShare * static_cast<double>(n))));
    const auto add_knot = [&](std::size_t at) {
        const double score = kept(scores[at]);
        const auto at_least = static_cast<double>(scores.end() - std::ranges::lower_bound(scores, score));
        if (!null.knots.empty() && score <= null.knots.back().first) { return; }
        null.knots.emplace_back(score, kept((at_least + 1) / static_cast<double>(n + 1)));
    };
    for (const double chance : kChances) {
        const auto at = static_cast<std::size_t>((1 - chance) * static_cast<double>(n));
        if (at < n - in_tail - 1) { add_knot(at); }
    }
    add_knot(n - in_tail - 1);
    std::vector<double> excesses;
    for (std::size_t i = n - in_tail; i < n; ++i) { excesses.push_back(std::max(0.0, scores[i] - null.knots.back().first)); }
    null.tail = fit_pareto_tail(excesses, kShape);
    null.tail.shape = kept(null.tail.shape);
    null.tail.scale = kept(null.tail.scale);
    return null;
}

const ClassNull* Profile::find(const TrafficClass& of) const {
    const auto found = std::ranges::lower_bound(classes, of, {}, &ClassNull::of);
    return found != classes.end() && found->of == of ? &*found : nullptr;
}

std::optional<double> background_log_p(const Profile* own, const TrafficClass& of, double z) {
    for (const auto& wider : widened(of)) {
        for (const Profile* profile : {own, &default_profile()}) {
            const ClassNull* null = profile == nullptr ? nullptr : profile->find(wider);
            if (null != nullptr && null->pairs >= kFewestOfClass) { return null->log_p(z); }
        }
    }
    return std::nullopt;
}

}  // namespace hw::trace
