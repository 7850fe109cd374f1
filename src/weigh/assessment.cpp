#include "weigh/assessment.hpp"

#include "weigh/question.hpp"
#include "weigh/sufficiency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace assessing {

constexpr double kPriorTimes = 10;
constexpr double kTemperatureTimes = 1.5;
constexpr double kForgeabilityTimes = 2;
/// Grade F says nothing of a source: its word may be worth nothing, or much.
constexpr double kUnjudgedWorst = 0;
constexpr double kUnjudgedBest = 0.9;
constexpr std::size_t kOriginsForHigh = 3;
constexpr std::size_t kHardItemsForHigh = 2;

std::size_t leader_of(const std::vector<double>& chances) { return static_cast<std::size_t>(std::ranges::max_element(chances) - chances.begin()); }


/// The origins behind lines that count.
std::vector<std::string> origins_of(const Ledger& ledger) {
    std::set<std::string> origins;
    for (const Line& line : ledger.lines) {
        if (line.lambda > 0 && line.spread_db > 0) { origins.insert(line.origins.begin(), line.origins.end()); }
    }
    return {origins.begin(), origins.end()};
}

std::vector<Run> runs_of(const Evidence& evidence, const Ledger& ledger, std::size_t leader, const std::vector<std::string>& origins) {
    std::vector<Run> runs;
    const auto add = [&](Run::Kind kind, std::string origin, std::vector<double> chances) {
        const std::size_t first = leader_of(chances);
        runs.push_back({.kind = kind, .origin = std::move(origin), .chances = std::move(chances), .leader = first});
    };
    std::vector<bool> without(ledger.lines.size());
    for (const std::string& origin : origins) {
        for (std::size_t at = 0; at < ledger.lines.size(); ++at) { without[at] = ledger.lines[at].origins.size() == 1 && ledger.lines[at].origins.front() == origin; }
        add(Run::Kind::without_origin, origin, posterior(ledger, without));
    }
    const auto turn = [&](Run::Kind kind, const Turned& turned) { add(kind, {}, posterior(make_ledger(evidence, turned))); };
    turn(Run::Kind::grades_one_lower, {.grades_one_lower = true});
    turn(Run::Kind::unjudged_worthless, {.unjudged = kUnjudgedWorst});
    turn(Run::Kind::unjudged_trusted, {.unjudged = kUnjudgedBest});
    turn(Run::Kind::forgeability_doubled, {.forgeability_times = kForgeabilityTimes});
    turn(Run::Kind::prior_up, {.prior_times = kPriorTimes, .prior_of = leader});
    turn(Run::Kind::prior_down, {.prior_times = 1 / kPriorTimes, .prior_of = leader});
    turn(Run::Kind::temperature_up, {.temperature_times = kTemperatureTimes});
    return runs;
}

void add_confidence(Assessment& told) {
    if (told.origins.empty()) {
        told.confidence = Confidence::low;
        told.confidence_because = "nothing in the ledger tells the hypotheses apart";
    } else if (told.fragile) {
        told.confidence = Confidence::low;
        told.confidence_because = "another hypothesis leads when the evidence is weighed otherwise";
    } else if (told.origins.size() == 1) {
        told.confidence = Confidence::low;
        told.confidence_because = "all of it comes from one origin";
    } else if (told.origins.size() >= kOriginsForHigh && told.hard_to_forge >= kHardItemsForHigh) {
        told.confidence = Confidence::high;
        told.confidence_because = fmt::format("the leader stays in every run, {} origins stand behind it, and {} items are hard to forge", told.origins.size(), told.hard_to_forge);
    } else {
        told.confidence = Confidence::moderate;
        told.confidence_because = fmt::format("the leader stays in every run, but high confidence takes {} origins and {} items that are hard to forge; there are {} and {}", kOriginsForHigh, kHardItemsForHigh, told.origins.size(), told.hard_to_forge);
    }
}

}  // namespace assessing
}  // namespace

std::string_view to_string(Run::Kind kind) {
    using namespace assessing;
    switch (kind) {
        case Run::Kind::without_origin: return "without-origin";
        case Run::Kind::grades_one_lower: return "grades-one-lower";
        case Run::Kind::unjudged_worthless: return "unjudged-sources-worthless";
        case Run::Kind::unjudged_trusted: return "unjudged-sources-trusted";
        case Run::Kind::forgeability_doubled: return "forgeability-doubled";
        case Run::Kind::prior_up: return "leader-prior-times-10";
        case Run::Kind::prior_down: return "leader-prior-by-10";
        case Run::Kind::temperature_up: return "temperature-times-1.5";
    }
    return "?";
}

std::string_view to_string(Confidence confidence) {
    constexpr std::array<std::string_view, 3> kWords{"low", "moderate", "high"};
    return kWords[static_cast<std::size_t>(confidence)];
}

Assessment assess(const Evidence& evidence) {
    using namespace assessing;
    Assessment told;
    told.ledger = make_ledger(evidence);
    told.actions = evidence.actions.empty() ? usual_actions() : evidence.actions;
    const auto sums = scores(told.ledger);
    const auto chances = posterior(told.ledger);
    told.leader = leader_of(chances);
    for (std::size_t h = 0; h < chances.size(); ++h) {
        told.standings.push_back({.prior = told.ledger.priors[h], .score_db = sums[h], .probability = chances[h], .low = chances[h], .high = chances[h]});
        if (h != told.leader && (!told.runner_up || chances[h] > chances[*told.runner_up])) { told.runner_up = h; }
    }
    if (told.runner_up) { told.lead_db = 10 * std::log10(chances[told.leader] / chances[*told.runner_up]); }
    told.origins = origins_of(told.ledger);
    told.runs = runs_of(evidence, told.ledger, told.leader, told.origins);
    for (const Run& run : told.runs) {
        told.fragile = told.fragile || run.leader != told.leader;
        for (std::size_t h = 0; h < chances.size(); ++h) {
            told.standings[h].low = std::min(told.standings[h].low, run.chances[h]);
            told.standings[h].high = std::max(told.standings[h].high, run.chances[h]);
        }
    }
    for (const Line& line : told.ledger.lines) {
        told.hard_to_forge += line.lambda > 0 && line.spread_db > 0 && evidence.items[line.item].forgeability <= kHardToForge ? 1U : 0U;
        told.support.push_back({.for_leader_db = line.lambda * weight_for(line, told.ledger.priors, told.leader)});
    }
    add_confidence(told);
    told.sufficiency = sufficiency_of(evidence, told);
    told.questions = worth_of(evidence, told);
    return told;
}

}  // namespace hw::weigh
