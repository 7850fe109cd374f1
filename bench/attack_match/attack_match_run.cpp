// attack_match_run BUNDLE [--weights]: how well the match of techniques finds the group behind each report that ATT&CK cites, with the report itself left
// out of everything and the weights fitted on the other groups only. --weights prints the weights fitted on all, for src/weigh/attack/model.cpp.
#include "fit.hpp"

#include "weigh/attack/library_file.hpp"
#include "weigh/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace hw;
using namespace hw::bench;
using namespace hw::weigh::attack;

constexpr std::size_t kPlanted = 3, kDecoys = 4;

/// Runs `work` for each number below `count`, on all cores.
void for_each_number(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> workers;
    for (unsigned w = 0; w < std::max(1U, std::thread::hardware_concurrency()); ++w) {
        workers.emplace_back([&] {
            for (std::size_t at = next++; at < count; at = next++) { work(at); }
        });
    }
}

/// What came of one case.
struct Outcome {
    std::uint32_t group = 0;
    bool remains = false;
    double rank = 0, naive_rank = 0;  ///< How many groups are likelier; ties count half.
    bool right = false;
    double top = 0, of_truth = 0;     ///< Chances among the groups.
    double none = 0;
    double none_removed = 0, wrong_removed = 0;  ///< Without its group in the library: P(none), and the greatest chance of any group.
    std::size_t lost = 0, decoy = 0, planted = 0;
};

double rank_of(const std::vector<double>& scores, std::uint32_t group) {
    double above = 0, equal = -1;
    for (const double score : scores) {
        above += score > scores[group] ? 1 : 0;
        equal += score == scores[group] ? 1 : 0;
    }
    return above + equal / 2;
}

std::uint32_t best_of(const std::vector<double>& scores) { return static_cast<std::uint32_t>(std::ranges::max_element(scores) - scores.begin()); }

Outcome outcome_of(const Trial& trial, const Model& model) {
    const Seen& seen = trial.plain;
    const auto told = match(seen.likenesses, seen.observed, model);
    Outcome out{.group = seen.group, .remains = trial.remains, .rank = rank_of(told.groups, seen.group), .naive_rank = rank_of(trial.naive, seen.group)};
    out.right = best_of(told.groups) == seen.group;
    out.top = std::ranges::max(told.groups);
    out.of_truth = told.groups[seen.group];
    out.none = told.none;
    const auto removed = match(without_group(seen), seen.observed, model);
    out.none_removed = removed.none;
    out.wrong_removed = std::ranges::max(removed.groups) * (1 - removed.none);
    if (!out.right) { return out; }
    for (const auto& planted : trial.planted) {
        const auto now = best_of(among_groups(planted.seen.likenesses, model.weights));
        ++out.planted;
        out.lost += now != seen.group ? 1 : 0;
        out.decoy += now == planted.decoy ? 1 : 0;
    }
    return out;
}

using Outcomes = std::vector<Outcome>;
using Figure = std::function<double(const Outcomes&)>;

Figure share(std::function<bool(const Outcome&)> holds) {
    return [holds](const Outcomes& all) { return static_cast<double>(std::ranges::count_if(all, holds)) / static_cast<double>(all.size()); };
}

Figure quotient(std::size_t Outcome::*above) {
    return [above](const Outcomes& all) {
        double sum = 0, below = 0;
        for (const Outcome& one : all) {
            sum += static_cast<double>(one.*above);
            below += static_cast<double>(one.planted);
        }
        return sum / std::max(1.0, below);
    };
}

double surest(const Outcomes& all) {
    constexpr double kCoverage = 0.3;
    auto sorted = all;
    std::ranges::stable_sort(sorted, std::greater(), &Outcome::top);
    sorted.resize(static_cast<std::size_t>(kCoverage * static_cast<double>(all.size())));
    return share(&Outcome::right)(sorted);
}

double ece(const Outcomes& all) {
    std::vector<weigh::Said> said;
    for (const Outcome& one : all) { said.push_back({one.top, one.right}); }
    return weigh::calibrate(said).ece;
}

bool answers_none(const Outcome& one) { return one.none > one.top * (1 - one.none); }
bool removed_answers_none(const Outcome& one) { return one.none_removed > one.wrong_removed; }

/// Half the cases with their group, half without: how well the chance of the answer, "none" among them, tells whether it is right.
double ece_with_none(const Outcomes& all) {
    std::vector<weigh::Said> said;
    for (const Outcome& one : all) {
        said.push_back(answers_none(one) ? weigh::Said{one.none, false} : weigh::Said{one.top * (1 - one.none), one.right});
        said.push_back(removed_answers_none(one) ? weigh::Said{one.none_removed, true} : weigh::Said{one.wrong_removed, false});
    }
    return weigh::calibrate(said).ece;
}

struct Row {
    std::string_view name, wanted;
    Figure figure;
};

std::vector<Row> rows() {
    constexpr double kFar = 0.8;
    return {{"top-1", "≥ .60", share([](const Outcome& one) { return one.rank < 0.5; })},
            {"top-3", "≥ .72", share([](const Outcome& one) { return one.rank <= 2; })},
            {"top-10", "", share([](const Outcome& one) { return one.rank <= 9; })},
            {"ECE, 10 bins", "≤ .05", ece},
            {"accuracy of the surest 30 %", "≥ .92", surest},
            {"log loss", "", [](const Outcomes& all) { return -std::accumulate(all.begin(), all.end(), 0.0, [](double sum, const Outcome& one) { return sum + std::log(one.of_truth); }) / static_cast<double>(all.size()); }},
            {"3 planted: right answer lost", "≤ .20", quotient(&Outcome::lost)},
            {"3 planted: the decoy named", "", quotient(&Outcome::decoy)},
            {"true group removed: none on top", "≥ .60", share(removed_answers_none)},
            {"true group removed: a wrong one > .80", "≤ .05", share([](const Outcome& one) { return one.wrong_removed > kFar; })},
            {"group there: none on top", "", share(answers_none)},
            {"group there: right, none on offer", "", share([](const Outcome& one) { return one.right && !answers_none(one); })},
            {"ECE, none on offer", "", ece_with_none},
            {"NB-mix: top-1", "", share([](const Outcome& one) { return one.naive_rank < 0.5; })},
            {"NB-mix: top-3", "", share([](const Outcome& one) { return one.naive_rank <= 2; })}};
}

/// The middle 95 % of 2,000 draws of as many groups, each with all its cases: cases of one group are not independent.
std::pair<double, double> interval(const Outcomes& all, const Figure& figure) {
    constexpr std::size_t kDraws = 2000;
    std::map<std::uint32_t, Outcomes> by_group;
    for (const Outcome& one : all) { by_group[one.group].push_back(one); }
    std::vector<const Outcomes*> groups;
    for (const auto& [group, outcomes] : by_group) { groups.push_back(&outcomes); }
    std::vector<double> figures(kDraws);
    for_each_number(kDraws, [&](std::size_t draw) {
        std::mt19937_64 random(draw);
        Outcomes drawn;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            const auto& more = *groups[random() % groups.size()];
            drawn.insert(drawn.end(), more.begin(), more.end());
        }
        figures[draw] = figure(drawn);
    });
    std::ranges::sort(figures);
    constexpr double kTail = 0.025;
    return {figures[static_cast<std::size_t>(kTail * kDraws)], figures[static_cast<std::size_t>((1 - kTail) * kDraws)]};
}

std::string cell(const Outcomes& all, const Figure& figure) {
    const auto [low, high] = interval(all, figure);
    return fmt::format("{:.3f} [{:.2f}–{:.2f}]", figure(all), low, high);
}

Result<void> run(const std::string& path, bool weights_only) {
    HW_TRY(const auto input, InputBytes::open(path));
    HW_TRY(const auto library, read_library(*input, path));
    const auto cases = cases_of(library);
    std::vector<Trial> trials(cases.size());
    for_each_number(cases.size(), [&](std::size_t at) {
        std::mt19937_64 random(at);
        trials[at] = trial_of(library, cases[at], kPlanted, kDecoys, random);
    });
    const auto fitted_without = [&](std::optional<std::uint32_t> group) {
        std::vector<const Trial*> others;
        for (const Trial& trial : trials) {
            if (trial.plain.group != group) { others.push_back(&trial); }
        }
        return fit(others);
    };
    if (weights_only) {
        const Model model = fitted_without(std::nullopt);
        for (std::size_t t = 0; t < kTraits; ++t) { fmt::print("{:20} {:+.4f}\n", to_string(static_cast<Trait>(t)), model.weights[t]); }
        for (const double weight : model.none) { fmt::print("none                 {:+.4f}\n", weight); }
        return {};
    }
    std::vector<std::uint32_t> groups;
    for (const Case& one : cases) { groups.push_back(one.group); }
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    Outcomes all(cases.size());
    for_each_number(groups.size(), [&](std::size_t g) {
        const Model model = fitted_without(groups[g]);
        for (std::size_t at = 0; at < cases.size(); ++at) {
            if (cases[at].group == groups[g]) { all[at] = outcome_of(trials[at], model); }
        }
    });
    Outcomes there;
    std::ranges::copy_if(all, std::back_inserter(there), &Outcome::remains);
    fmt::print("{} groups, {} techniques and software, {} reports on {} groups with at least five techniques\n\n", library.groups.size(), library.features.size(), cases.size(), groups.size());
    fmt::print("| | wanted | {} reports whose group is still there | all {} |\n|---|---|---|---|\n", there.size(), all.size());
    for (const Row& row : rows()) { fmt::print("| {} | {} | {} | {} |\n", row.name, row.wanted, cell(there, row.figure), cell(all, row.figure)); }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool weights = arguments.size() == 2 && arguments[1] == "--weights";
    if (arguments.size() != 1 && !weights) {
        std::fputs("attack_match_run BUNDLE [--weights]\n", stderr);
        return 2;
    }
    if (const auto done = run(arguments[0], weights); !done) {
        fmt::print(stderr, "{}: {}\n", done.error().where, done.error().message);
        return 1;
    }
    return 0;
}
