#include "trace/pair_candidates.hpp"

#include "trace/parallel.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace hw::trace {

namespace {
namespace pair_candidates {

struct Embedded {
    std::vector<std::uint32_t> flows;
    std::vector<Epoch> epochs;
};

/// The flows of one side that live in a window, with their epochs.
Embedded alive_in(const PairSide& side, Duration behind, Time start, const PairGrid& grid, const LinkOptions& options) {
    const Interval window{start, start + 2 * grid.step()};
    std::vector<std::uint32_t> flows;
    for (std::uint32_t i = 0; i < side.courses.size(); ++i) {
        const Interval lived = side.courses[i].interval();
        if (Interval{lived.from - behind, lived.to - behind}.overlaps(window)) { flows.push_back(i); }
    }
    std::vector<Epoch> epochs(flows.size());
    for_each_index(flows.size(), options, [&](std::size_t k) {
        const PairFlow& f = side.courses[flows[k]];
        epochs[k] = Epoch::make(*f.flow, first_bin_of(start, behind + f.ahead), grid.shape);
    });
    Embedded alive;
    for (std::size_t k = 0; k < flows.size(); ++k) {
        if (epochs[k].active_bins() < kFewestActiveBins) { continue; }
        alive.flows.push_back(flows[k]);
        alive.epochs.push_back(std::move(epochs[k]));
    }
    return alive;
}

/// Whether they live together long enough to be compared, B's moments read by A's clock.
bool live_together(const PairFlow& of_a, const PairFlow& of_b, const PairClock& clock) {
    const Interval a = of_a.interval();
    const Interval b = of_b.interval();
    return std::min(a.to, b.to - clock.ahead) - std::max(a.from, b.from - clock.ahead) >= kShortestPaired;
}

/// Pairs that live together and are one conversation, seen by both sides.
std::uint64_t count_shared(const PairSide& a, const PairSide& b, const PairClock& clock) {
    const auto key = [](const flow::Flow& f) { return std::hash<net::Endpoint>{}(f.client) + std::hash<net::Endpoint>{}(f.server); };
    std::unordered_multimap<std::size_t, const PairFlow*> by_ends;
    for (const PairFlow& f : b.courses) { by_ends.emplace(key(*f.flow), &f); }
    std::uint64_t shared = 0;
    for (const PairFlow& f : a.courses) {
        const auto [first, last] = by_ends.equal_range(key(*f.flow));
        for (auto at = first; at != last; ++at) {
            if (same_conversation(*f.flow, *at->second->flow) && live_together(f, *at->second, clock)) { ++shared; }
        }
    }
    return shared;
}

}  // namespace pair_candidates
}  // namespace

std::vector<std::uint32_t> likely_partners(const Embedder& embed, const EpochIndex& index, const Epoch& of) {
    const auto doublings = static_cast<std::size_t>(std::bit_width(index.size()));
    std::vector<std::uint32_t> places;
    places.reserve(2 * kLagProbes.size() * kKeptAProbe);
    for (const bool cross : {false, true}) {
        for (const auto& [lag, a_doubling] : kLagProbes) {
            for (const auto& hit : index.search(embed(of, {.lag = lag, .crossed = cross}), a_doubling * doublings, kKeptAProbe)) { places.push_back(hit.place); }
        }
    }
    std::ranges::sort(places);
    places.erase(std::ranges::unique(places).begin(), places.end());
    return places;
}

std::uint64_t count_pairs(const PairSide& a, const PairSide& b, const PairClock& clock) {
    std::vector<Time> begins;
    std::vector<Time> ends;
    for (const PairFlow& f : b.courses) {
        begins.push_back(f.interval().from - clock.ahead);
        ends.push_back(f.interval().to - clock.ahead);
    }
    std::ranges::sort(begins);
    std::ranges::sort(ends);
    std::uint64_t pairs = 0;
    for (const PairFlow& f : a.courses) {
        const auto begun = std::ranges::upper_bound(begins, f.interval().to - kShortestPaired) - begins.begin();
        const auto ended = std::ranges::lower_bound(ends, f.interval().from + kShortestPaired) - ends.begin();
        pairs += static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(begun - ended, 0));
    }
    return pairs - std::min(pairs, pair_candidates::count_shared(a, b, clock));
}

std::vector<PairRef> all_pairs(const PairSide& a, const PairSide& b, const PairClock& clock) {
    std::vector<PairRef> pairs;
    for (std::uint32_t i = 0; i < a.courses.size(); ++i) {
        for (std::uint32_t j = 0; j < b.courses.size(); ++j) {
            if (!pair_candidates::live_together(a.courses[i], b.courses[j], clock)) { continue; }
            if (!same_conversation(*a.courses[i].flow, *b.courses[j].flow)) { pairs.push_back({i, j, 0}); }
        }
    }
    return pairs;
}

std::vector<PairRef> likely_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid, const LinkOptions& options) {
    using namespace pair_candidates;
    const Embedder embed(grid.shape, options.seed);
    std::vector<PairRef> pairs;
    for (std::size_t w = 0; w < grid.windows && !options.stop.stop_requested(); ++w) {
        const Time start = grid.origin + static_cast<std::int64_t>(w) * grid.step();
        const Embedded of_b = alive_in(b, clock.ahead, start, grid, options);
        if (of_b.flows.empty()) { continue; }
        std::vector<Embedding> embeddings(of_b.flows.size());
        for_each_index(embeddings.size(), options, [&](std::size_t k) { embeddings[k] = embed(of_b.epochs[k]); });
        const EpochIndex index(embeddings);
        const Embedded of_a = alive_in(a, Duration(0), start, grid, options);
        std::vector<std::vector<PairRef>> found(of_a.flows.size());
        for_each_index(of_a.flows.size(), options, [&](std::size_t k) {
            for (const auto place : likely_partners(embed, index, of_a.epochs[k])) { found[k].push_back({of_a.flows[k], of_b.flows[place], 0}); }
        });
        for (const auto& some : found) { pairs.insert(pairs.end(), some.begin(), some.end()); }
        std::ranges::sort(pairs);
        pairs.erase(std::ranges::unique(pairs).begin(), pairs.end());
    }
    std::erase_if(pairs, [&](const PairRef& p) { return same_conversation(*a.courses[p.a].flow, *b.courses[p.b].flow); });
    return pairs;
}

}  // namespace hw::trace
