#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace hw::bench {

namespace {

constexpr std::array<double, 4> kRates{1e-2, 1e-3, 1e-4, 1e-5};

std::string cell(const OperatingPoint& point) {
    const std::string range = fmt::format("{:.3f} <sub>{:.3f}–{:.3f}</sub>", point.true_rate.value, point.true_rate.low, point.true_rate.high);
    switch (point.resolution) {
        case Resolution::good: return range;
        case Resolution::thin: return "~" + range;
        case Resolution::none: return fmt::format("({:.3f})", point.true_rate.value);
    }
    return range;
}

}  // namespace

std::vector<std::string> groups_of(const std::vector<Played>& played, const Evaluation& evaluation) {
    std::set<std::string> names;
    for (const auto k : evaluation.used) { names.insert(played[k].pair.group); }
    std::vector<std::string> out(names.begin(), names.end());
    std::ranges::stable_partition(out, [](const std::string& g) { return g == "net"; });
    return out;
}

GroupResult group_result(const std::string& group, const std::vector<Played>& played, const Evaluation& evaluation) {
    GroupResult result;
    result.group = group;
    std::array<std::vector<double>, kMethods> positives;
    std::array<std::vector<double>, kMethods> negatives;
    const auto mine = [&](std::uint32_t k) { return group == "all" || played[k].pair.group == group; };
    for (const auto& pair : evaluation.scores) {
        if (!mine(pair.up) && !mine(pair.down)) { continue; }
        const bool true_pair = pair.up == pair.down;
        for (std::size_t m = 0; m < kMethods; ++m) { (true_pair ? positives : negatives)[m].push_back(pair.score[m]); }
        if (true_pair) {
            ++result.positives;
        } else {
            ++result.negatives;
            if (played[pair.up].recording == played[pair.down].recording) { ++result.negatives_within; }
        }
    }
    for (std::size_t m = 0; m < kMethods; ++m) { result.rocs.emplace_back(std::move(positives[m]), std::move(negatives[m])); }
    return result;
}

std::string markdown_table(const GroupResult& result) {
    std::string out = "| method | TPR at FPR 1e-2 | 1e-3 | 1e-4 | 1e-5 |\n|---|---|---|---|---|\n";
    for (std::size_t m = 0; m < kMethods; ++m) {
        out += fmt::format("| {} |", name_of(static_cast<Method>(m)));
        for (const double rate : kRates) { out += " " + cell(result.rocs[m].at(rate)) + " |"; }
        out += "\n";
    }
    return out;
}

std::string markdown_misses(const GroupResult& result, const std::vector<Played>& played, const Evaluation& evaluation, double false_rate,
                            std::size_t most) {
    const double threshold = result.rocs[0].at(false_rate).threshold;
    std::vector<const PairScores*> missed;
    for (const auto& pair : evaluation.scores) {
        if (pair.up == pair.down && pair.score[0] <= threshold && (result.group == "all" || played[pair.up].pair.group == result.group)) {
            missed.push_back(&pair);
        }
    }
    if (missed.empty()) { return {}; }
    std::ranges::stable_sort(missed, {}, [](const PairScores* p) { return p->score[0]; });
    std::string out = fmt::format("Missed at {:.0e} (threshold {:.2f}), {} of {}:", false_rate, threshold, missed.size(), result.positives);
    for (std::size_t k = 0; k < std::min(most, missed.size()); ++k) {
        const TruePair& pair = played[missed[k]->up].pair;
        out += fmt::format("{} {} {} ({}, {} relays, seed {}) {:.2f}", k == 0 ? "" : ";", pair.session, pair.relay_kind, pair.driver, pair.relays, pair.seed,
                           missed[k]->score[0]);
    }
    return out + (missed.size() > most ? "; ...\n" : ".\n");
}

}  // namespace hw::bench
