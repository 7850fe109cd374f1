#include "weigh/question.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

namespace hw::weigh {
namespace {
namespace asking {

double entropy_bits(const std::vector<double>& chances) {
    double bits = 0;
    for (const double chance : chances) { bits -= chance > 0 ? chance * std::log2(chance) : 0; }
    return bits;
}

/// What is lost at best: by acting, C_wrong where the hypothesis does not hold; by not acting, C_missed where it does. Below zero.
double utility(double chance, double threshold) { return std::max(-threshold * (1 - chance), -(1 - threshold) * chance); }

/// P(answer|h), made to add up to 1 over the answers of a question; a hypothesis that an answer does not name has that of "none of those".
std::vector<std::vector<double>> likelihoods(const Question& question, const Evidence& evidence) {
    std::vector<std::vector<double>> all;
    for (const Answer& answer : question.answers) {
        auto& row = all.emplace_back();
        for (const Hypothesis& hypothesis : evidence.hypotheses) {
            const auto found = answer.likelihood.find(hypothesis.id);
            row.push_back(found != answer.likelihood.end() ? found->second : answer.likelihood.at(std::string(kNone)));
        }
    }
    for (std::size_t h = 0; h < evidence.hypotheses.size(); ++h) {
        double sum = 0;
        for (const auto& row : all) { sum += row[h]; }
        for (auto& row : all) { row[h] /= sum; }
    }
    return all;
}

}  // namespace asking
}  // namespace

std::vector<Worth> worth_of(const Evidence& evidence, const Assessment& told) {
    using namespace asking;
    std::vector<double> now;
    now.reserve(told.standings.size());
    for (const Standing& standing : told.standings) { now.push_back(standing.probability); }
    std::vector<Worth> all;
    for (std::size_t q = 0; q < evidence.questions.size(); ++q) {
        const Question& question = evidence.questions[q];
        Worth worth{.question = q, .evsi = 0, .bits = entropy_bits(now), .evsi_per_cost = 0, .answers = {}};
        for (const Sufficiency& action : told.sufficiency) { worth.evsi -= utility(now[action.hypothesis], told.actions[action.action].threshold); }
        for (const auto& row : likelihoods(question, evidence)) {
            Worth::Outcome outcome{.probability = 0, .chances = now};
            for (std::size_t h = 0; h < now.size(); ++h) { outcome.probability += outcome.chances[h] *= row[h]; }
            for (double& chance : outcome.chances) { chance /= outcome.probability; }
            for (const Sufficiency& action : told.sufficiency) { worth.evsi += outcome.probability * utility(outcome.chances[action.hypothesis], told.actions[action.action].threshold); }
            worth.bits -= outcome.probability * entropy_bits(outcome.chances);
            worth.answers.push_back(std::move(outcome));
        }
        // What is left of nothing is rounding.
        constexpr double kRounding = 1e-12;
        worth.evsi = worth.evsi < kRounding ? 0 : worth.evsi;
        worth.bits = worth.bits < kRounding ? 0 : worth.bits;
        worth.evsi_per_cost = worth.evsi / question.cost;
        all.push_back(std::move(worth));
    }
    std::ranges::sort(all, [&](const Worth& a, const Worth& b) {
        return std::tuple(-a.evsi_per_cost, -a.bits, std::string_view(evidence.questions[a.question].id)) < std::tuple(-b.evsi_per_cost, -b.bits, std::string_view(evidence.questions[b.question].id));
    });
    return all;
}

}  // namespace hw::weigh
