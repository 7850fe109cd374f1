#include "weigh/sufficiency.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace hw::weigh {
namespace {
namespace sufficing {

constexpr std::size_t kOriginsNeeded = 2;
/// Less than this does not speak for anything.
constexpr double kSpeaksDb = 0.1;

double odds_db(double chance) { return 10 * std::log10(chance / (1 - chance)); }

/// The hypothesis that an action is about: named, else the likeliest but for "none of those".
std::size_t subject_of(const Action& action, const Evidence& evidence, const Assessment& told) {
    for (std::size_t h = 0; h < evidence.hypotheses.size(); ++h) {
        if (evidence.hypotheses[h].id == action.hypothesis) { return h; }
    }
    std::size_t best = 0;
    for (std::size_t h = 1; h + 1 < told.standings.size(); ++h) {
        if (told.standings[h].probability > told.standings[best].probability) { best = h; }
    }
    return best;
}

/// What is left without each line: the chances of all hypotheses.
std::vector<std::vector<double>> without_each(const Ledger& ledger) {
    std::vector<std::vector<double>> chances(ledger.lines.size());
    std::vector<bool> without(ledger.lines.size());
    for (std::size_t at = 0; at < ledger.lines.size(); ++at) {
        if (ledger.lines[at].lambda == 0) { continue; }
        without[at] = true;
        chances[at] = posterior(ledger, without);
        without[at] = false;
    }
    return chances;
}

const std::string& name_of(const Evidence& evidence, const std::string& origin) {
    const auto found = std::ranges::find(evidence.origins, origin, &Origin::id);
    return found == evidence.origins.end() || found->name.empty() ? origin : found->name;
}

bool leads(const std::vector<double>& chances, std::size_t hypothesis) { return std::ranges::max_element(chances) - chances.begin() == static_cast<std::ptrdiff_t>(hypothesis); }

}  // namespace sufficing
}  // namespace

double weight_for(const Line& line, const std::vector<double>& priors, std::size_t hypothesis) {
    if (line.deceived.empty()) { return 0; }
    double others = 0, share = 0;
    for (std::size_t h = 0; h < priors.size(); ++h) {
        if (h == hypothesis) { continue; }
        others += priors[h] * line.deceived[h];
        share += priors[h];
    }
    return 10 * std::log10(line.deceived[hypothesis] * share / others);
}

std::vector<Sufficiency> sufficiency_of(const Evidence& evidence, const Assessment& told) {
    using namespace sufficing;
    const auto without = without_each(told.ledger);
    std::vector<Sufficiency> all;
    for (std::size_t a = 0; a < told.actions.size(); ++a) {
        const Action& action = told.actions[a];
        Sufficiency one{.action = a, .hypothesis = subject_of(action, evidence, told), .met = false, .missing = {}, .flip_db = 0, .supporting_origins = 0, .decisive = {}};
        const Standing& standing = told.standings[one.hypothesis];
        const std::string& name = evidence.hypotheses[one.hypothesis].id;
        one.flip_db = odds_db(standing.probability) - odds_db(action.threshold);
        if (standing.low < action.threshold) { one.missing.push_back(fmt::format("{} may be as low as {:.2f}; it takes {:.2f}", name, standing.low, action.threshold)); }

        std::set<std::string_view> origins;
        bool hard = false;
        std::set<std::string_view> decisive;
        for (std::size_t at = 0; at < told.ledger.lines.size(); ++at) {
            const Line& line = told.ledger.lines[at];
            if (line.lambda == 0) { continue; }
            if (line.lambda * weight_for(line, told.ledger.priors, one.hypothesis) >= kSpeaksDb) {
                origins.insert(line.origins.begin(), line.origins.end());
                hard = hard || evidence.items[line.item].forgeability <= kHardToForge;
            }
            const bool other_side = (without[at][one.hypothesis] >= action.threshold) != (standing.probability >= action.threshold);
            if (!other_side && leads(without[at], told.leader)) { continue; }
            for (const std::size_t voice : line.voices) { decisive.insert(evidence.items[voice].id); }
        }
        one.supporting_origins = origins.size();
        one.decisive.assign(decisive.begin(), decisive.end());
        if (origins.size() < kOriginsNeeded) { one.missing.push_back(fmt::format("{} for {}; it takes {}", origins.empty() ? "no independent origin speaks" : "one independent origin speaks", name, kOriginsNeeded)); }
        if (!hard) { one.missing.push_back(fmt::format("nothing that is hard to forge (f of {} or less) speaks for {}", kHardToForge, name)); }
        for (const Dispute& dispute : evidence.disputes) {
            if (dispute.answered.empty() && decisive.contains(dispute.item)) {
                one.missing.push_back(fmt::format("it turns on {}, disputed by {}{} and not answered", dispute.item, name_of(evidence, dispute.who), dispute.ground.empty() ? "" : " (" + dispute.ground + ")"));
            }
        }
        one.met = one.missing.empty();
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace hw::weigh
