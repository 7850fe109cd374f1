// What an assessment costs: 1,000 items by 20 hypotheses, with every sensitivity.
#include "weigh/assessment.hpp"

#include <benchmark/benchmark.h>

#include <random>
#include <string>

namespace {

using namespace hw::weigh;

/// Evidence made by chance. `origins`: how many make the claims; every fifth item repeats an earlier one.
Evidence make_evidence(std::size_t items, std::size_t hypotheses, std::size_t origins) {
    std::mt19937_64 random(6);
    constexpr double kGrid[]{.02, .10, .25, .50, .75, .90, .98};
    Evidence evidence;
    for (std::size_t h = 0; h < hypotheses; ++h) { evidence.hypotheses.push_back({.id = h + 1 < hypotheses ? "H" + std::to_string(h + 1) : std::string(kNone), .statement = {}}); }
    for (std::size_t i = 0; i < items; ++i) {
        Item item;
        item.id = "item-" + std::to_string(i);
        item.words = item.id;
        item.who = "origin-" + std::to_string(i % origins);
        item.grade = static_cast<Grade>(random() % 6);
        item.otherwise = kGrid[random() % 7];
        item.forgeability = 0.1 * static_cast<double>(random() % 6);
        for (const auto& hypothesis : evidence.hypotheses) { item.likelihood[hypothesis.id] = kGrid[random() % 7]; }
        if (i > 0 && i % 5 == 0) { item.cites = {"item-" + std::to_string(random() % i)}; }
        if (i % 7 == 0) { item.collection = "collection-" + std::to_string(random() % 20); }
        evidence.items.push_back(std::move(item));
    }
    for (int q = 0; q < 20; ++q) {
        Question question{.id = "q" + std::to_string(q), .words = {}, .cost = 1, .answers = {}};
        for (const char* answer : {"yes", "no"}) {
            question.answers.push_back({.says = answer, .likelihood = {}});
            for (const auto& hypothesis : evidence.hypotheses) { question.answers.back().likelihood[hypothesis.id] = kGrid[random() % 7]; }
        }
        evidence.questions.push_back(std::move(question));
    }
    return evidence;
}

void assess_all(benchmark::State& state) {
    const auto evidence = make_evidence(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)), static_cast<std::size_t>(state.range(2)));
    for (auto _ : state) { benchmark::DoNotOptimize(assess(evidence)); }
}
BENCHMARK(assess_all)->ArgNames({"items", "hypotheses", "origins"})->Args({1000, 20, 1000})->Args({1000, 20, 100})->Args({1000, 20, 10})->Args({100, 5, 30})->Args({10'000, 20, 100})->Unit(benchmark::kMillisecond);

}  // namespace
