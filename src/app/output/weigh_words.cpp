#include "app/output/weigh_words.hpp"

#include "app/output/words.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace hw::app::output::weigh_words {

namespace {
/// From here on ICD 203 says "likely".
constexpr double kAnswer = 0.55;

/// The words of ICD 203 as they stand after "is".
std::string likelihood_adjective(double probability) {
    const std::string_view words = likelihood(probability);
    return words == "almost no chance" ? "almost excluded" : std::string(words);
}
}  // namespace

std::string chance(double probability) {
    if (probability < 0.005) { return "<.01"; }
    if (probability >= 0.995) { return ">.99"; }
    return fmt::format("{:.2f}", probability).substr(1);
}

std::string signed_db(double decibans) {
    if (std::fabs(decibans) < 0.05) { return "0.0"; }
    return fmt::format("{:+.1f}", decibans);
}

std::string leader_sentence(const WeighView& view) {
    const auto& told = view.assessment;
    const auto& leader = view.evidence.hypotheses[told.leader];
    const auto& standing = told.standings[told.leader];
    const std::string name = fmt::format("{} ({})", printable(leader.id), printable(leader.statement));
    const std::string range = fmt::format("between {} and {} when weighed otherwise", chance(standing.low), chance(standing.high));
    // A name in front would be read as an answer where there is none.
    if (told.fragile || standing.probability < kAnswer) { return fmt::format("Undecided: the likeliest, {}, is {} ({}), {}", name, likelihood_adjective(standing.probability), chance(standing.probability), range); }
    return fmt::format("{} is {} ({}), {}", name, likelihood_adjective(standing.probability), chance(standing.probability), range);
}

std::string confidence_sentence(const WeighView& view) {
    return fmt::format("Confidence in this assessment is {}: {}", weigh::to_string(view.assessment.confidence), view.assessment.confidence_because);
}

std::string run_words(const weigh::Run& run) {
    switch (run.kind) {
        case weigh::Run::Kind::without_origin: return "without " + printable(run.origin);
        case weigh::Run::Kind::grades_one_lower: return "every grade one lower";
        case weigh::Run::Kind::unjudged_worthless: return "sources of grade F worth nothing";
        case weigh::Run::Kind::unjudged_trusted: return "sources of grade F reliable";
        case weigh::Run::Kind::forgeability_doubled: return "forgeability doubled";
        case weigh::Run::Kind::prior_up: return "leader's prior x 10";
        case weigh::Run::Kind::prior_down: return "leader's prior / 10";
        case weigh::Run::Kind::temperature_up: return "temperature x 1.5";
    }
    return "?";
}

std::string counting_words(const weigh::Line& line, const WeighView& view) {
    const auto beside = [&] { return line.beside ? printable(view.evidence.items[view.assessment.ledger.lines[*line.beside].item].id) : std::string("?"); };
    switch (line.counting) {
        case weigh::Counting::full: return "in full";
        case weigh::Counting::shared: return "half, shares sources with " + beside();
        case weigh::Counting::same_root: return "not, has the root of " + beside();
        case weigh::Counting::rests: return "not, rests on items here";
        case weigh::Counting::says_nothing: return "not, says nothing of the hypotheses";
    }
    return "?";
}

std::string origin_name(const WeighView& view, const std::string& id) {
    const auto found = std::ranges::find(view.evidence.origins, id, &weigh::Origin::id);
    return printable(found == view.evidence.origins.end() || found->name.empty() ? id : found->name);
}

std::string origins_of(const weigh::Line& line, const WeighView& view) {
    std::string text;
    for (const auto& origin : line.origins) { text += (text.empty() ? "" : ", ") + origin_name(view, origin); }
    return text;
}

std::string dispute_sentence(const weigh::Dispute& dispute, const WeighView& view) {
    return fmt::format("{} is disputed by {}{}{}: {}", printable(dispute.item), origin_name(view, dispute.who), dispute.ground.empty() ? "" : " (" + printable(dispute.ground) + ")",
                       dispute.words.empty() ? "" : ", \"" + printable(dispute.words) + "\"", dispute.answered.empty() ? "not answered" : "answered: " + printable(dispute.answered));
}

std::string flip_words(const weigh::Sufficiency& one, const WeighView& view) {
    const std::string id = printable(view.evidence.hypotheses[one.hypothesis].id);
    if (one.flip_db >= 0) { return fmt::format("a finding of {:.1f} dB against {} takes it below the threshold", one.flip_db, id); }
    return fmt::format("it takes {:.1f} dB more for {} to reach the threshold", -one.flip_db, id);
}

std::string damage_sentence(const weigh::Damage& damage) {
    const auto whole = [](double bytes) { return human_bytes(static_cast<std::uint64_t>(bytes)); };
    std::string text = fmt::format("{}: {}", weigh::to_string(damage.severity), printable(damage.words));
    if (damage.bytes) { text += ", " + whole(*damage.bytes); }
    if (damage.bytes_low && damage.bytes_high && *damage.bytes_low < *damage.bytes_high) { text += fmt::format(" ({} to {})", whole(*damage.bytes_low), whole(*damage.bytes_high)); }
    return damage.basis.empty() ? text : text + " (basis: " + printable(damage.basis) + ")";
}

std::string match_sentence(const weigh::attack::TechniqueMatch& match) {
    std::string items = printable(match.item), unknown;
    for (const auto& other : match.others) { items += ", " + printable(other); }
    for (const auto& id : match.unknown) { unknown += (unknown.empty() ? "" : ", ") + printable(id); }
    return fmt::format("{}: {} of {} techniques and software are known{}", items, match.known, match.known + match.unknown.size(), unknown.empty() ? "" : "; unknown: " + unknown);
}

std::vector<Step> waterfall(const WeighView& view) {
    const auto& told = view.assessment;
    if (!told.runner_up) { return {}; }
    const std::size_t first = told.leader, second = *told.runner_up;
    std::map<std::string, double> by_origin;
    for (const auto& line : told.ledger.lines) {
        if (line.lambda > 0) { by_origin[origins_of(line, view)] += line.lambda * (line.weight[first] - line.weight[second]).value(); }
    }
    std::vector<Step> steps;
    steps.reserve(by_origin.size() + 1);
    for (const auto& [origin, db] : by_origin) { steps.push_back({origin, db}); }
    std::ranges::stable_sort(steps, [](const Step& a, const Step& b) { return std::fabs(a.db) > std::fabs(b.db); });
    steps.insert(steps.begin(), {"prior odds", 10 * std::log10(told.standings[first].prior / told.standings[second].prior)});
    return steps;
}

}  // namespace hw::app::output::weigh_words
