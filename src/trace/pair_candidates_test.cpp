#include "trace/pair_candidates.hpp"

#include "trace/test_traffic.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace hw;
using namespace hw::trace;

namespace {

/// Flows that a side could be made of: some short, some at the same moments, some of one conversation.
std::vector<flow::Flow> made_up(unsigned seed, unsigned count, unsigned servers) {
    std::mt19937_64 random(seed);
    std::vector<flow::Flow> flows;
    flows.reserve(count);
    for (unsigned i = 0; i < count; ++i) {
        const auto start = static_cast<double>(random() % 120);
        const auto length = static_cast<double>(10 + random() % 60);
        const auto server = 100 + static_cast<unsigned>(random() % servers);
        flows.push_back(test::make_flow("o", 0, static_cast<unsigned>(random() % 3), 4000, server, 22, {{start, start + length}, {start + 1}}));
    }
    return flows;
}

PairSide side_of(const std::vector<flow::Flow>& flows) {
    PairSide side;
    for (const auto& f : flows) {
        if (f.last - f.first >= kShortestPaired) { side.courses.push_back({&f, Duration(0)}); }
    }
    return side;
}

/// By the definition: lives that share 15 s or more, and two conversations.
std::vector<PairRef> by_definition(const PairSide& a, const PairSide& b, Duration ahead) {
    std::vector<PairRef> pairs;
    for (std::uint32_t i = 0; i < a.courses.size(); ++i) {
        for (std::uint32_t j = 0; j < b.courses.size(); ++j) {
            const Interval of_a = a.courses[i].interval();
            const Interval of_b = b.courses[j].interval();
            const bool together = std::min(of_a.to, of_b.to - ahead) - std::max(of_a.from, of_b.from - ahead) >= kShortestPaired;
            if (together && !same_conversation(*a.courses[i].flow, *b.courses[j].flow)) { pairs.push_back({i, j, 0}); }
        }
    }
    return pairs;
}

}  // namespace

TEST_CASE("pair candidates: all pairs that live together are found and counted, as the definition has it") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const auto of_a = made_up(seed, 40, 6);
        const auto of_b = made_up(seed + 1000, 50, 6);
        const PairSide a = side_of(of_a);
        const PairSide b = side_of(of_b);
        for (const Duration ahead : {Duration(0), Duration(7'000'000), Duration(-31'500'000)}) {
            const PairClock clock{.ahead = ahead, .basis = ClockBasis::given};
            const auto expected = by_definition(a, b, ahead);
            CHECK(all_pairs(a, b, clock) == expected);
            CHECK(count_pairs(a, b, clock) == expected.size());
        }
    }
}

TEST_CASE("pair candidates: likely pairs of sides that are active again years later are those of each time") {
    std::vector<flow::Flow> of_a;
    std::vector<flow::Flow> of_b;
    constexpr double kYears = 2e9;
    for (const double then : {0.0, kYears}) {
        for (unsigned i = 0; i < 12; ++i) {
            const auto session = test::typed_session(60 + i, then + 3.0 * i, 150);
            of_a.push_back(test::make_flow("a", 0, 10 + i, 4000, 2, 22, session));
            of_b.push_back(test::make_flow("b", 0, 50 + i, 4000, 3, 22, test::relayed(session, i, 0.3, 0.1)));
        }
    }
    const PairSide a = side_of(of_a);
    const PairSide b = side_of(of_b);
    const PairGrid grid = make_grid(a, b, {}, {1200, 24});
    CHECK(grid.windows > 10'000'000);
    const auto pairs = likely_pairs(a, b, {}, grid, {});
    for (std::uint32_t i = 0; i < a.courses.size(); ++i) { CHECK(std::ranges::find(pairs, PairRef{i, i, 0}) != pairs.end()); }
    for (const auto& p : pairs) { CHECK(p.a / 12 == p.b / 12); }
}
