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

/// The windows that hold a part of some flow of a side, as stretches from one to the one past the last, rising. Two captures'
/// times may be decades apart, and most windows empty.
std::vector<std::pair<std::size_t, std::size_t>> windows_in_use(const PairSide& side, Duration behind, const PairGrid& grid) {
    std::vector<std::pair<std::size_t, std::size_t>> each;
    each.reserve(side.courses.size());
    for (const PairFlow& f : side.courses) { each.push_back(grid.range({f.interval().from - behind, f.interval().to - behind})); }
    std::ranges::sort(each);
    std::vector<std::pair<std::size_t, std::size_t>> joined;
    for (const auto& [from, end] : each) {
        if (from >= end) { continue; }
        if (!joined.empty() && from <= joined.back().second) { joined.back().second = std::max(joined.back().second, end); }
        else { joined.emplace_back(from, end); }
    }
    return joined;
}

/// A flow, and the moments at which another may begin or have begun to share kShortestPaired of its life.
struct Stay {
    Time from;
    Time to;
    std::uint32_t flow = 0;
};

std::vector<Stay> stays_of(const PairSide& side, Duration behind) {
    std::vector<Stay> stays;
    stays.reserve(side.courses.size());
    for (std::uint32_t i = 0; i < side.courses.size(); ++i) {
        const Interval lived = side.courses[i].interval();
        if (lived.to - lived.from >= kShortestPaired) { stays.push_back({lived.from - behind, lived.to - behind - kShortestPaired, i}); }
    }
    return stays;
}

/// Visits each pair of stays that overlap, their ends included: a sweep over their beginnings, which costs N log N and the pairs.
void for_each_together(std::vector<Stay> a, std::vector<Stay> b, const auto& visit) {
    std::ranges::stable_sort(a, {}, &Stay::from);
    std::ranges::stable_sort(b, {}, &Stay::from);
    std::vector<Stay> here_a;
    std::vector<Stay> here_b;
    const auto meet = [](const Stay& arriving, std::vector<Stay>& others, const auto& each) {
        std::erase_if(others, [&](const Stay& other) { return other.to < arriving.from; });
        for (const Stay& other : others) { each(other.flow); }
    };
    for (auto next_a = a.begin(), next_b = b.begin(); next_a != a.end() || next_b != b.end();) {
        if (next_b == b.end() || (next_a != a.end() && next_a->from <= next_b->from)) {
            meet(*next_a, here_b, [&](std::uint32_t other) { visit(next_a->flow, other); });
            here_a.push_back(*next_a++);
        } else {
            meet(*next_b, here_a, [&](std::uint32_t other) { visit(other, next_b->flow); });
            here_b.push_back(*next_b++);
        }
    }
}

/// Pairs that live together and are one conversation, seen by both sides.
std::uint64_t count_shared(const PairSide& a, const PairSide& b, const PairClock& clock) {
    const auto key = [](const flow::Flow& f) { return std::hash<net::Endpoint>{}(f.client) + std::hash<net::Endpoint>{}(f.server); };
    std::unordered_map<std::size_t, std::array<std::vector<Stay>, 2>> by_ends;
    for (const Stay& stay : stays_of(a, Duration(0))) { by_ends[key(*a.courses[stay.flow].flow)][0].push_back(stay); }
    for (const Stay& stay : stays_of(b, clock.ahead)) {
        const auto at = by_ends.find(key(*b.courses[stay.flow].flow));
        if (at != by_ends.end()) { at->second[1].push_back(stay); }
    }
    std::uint64_t shared = 0;
    for (auto& [ends, stays] : by_ends) {
        for_each_together(std::move(stays[0]), std::move(stays[1]), [&](std::uint32_t i, std::uint32_t j) {
            if (same_conversation(*a.courses[i].flow, *b.courses[j].flow)) { ++shared; }
        });
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
    begins.reserve(b.courses.size());
    ends.reserve(b.courses.size());
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
    pair_candidates::for_each_together(pair_candidates::stays_of(a, Duration(0)), pair_candidates::stays_of(b, clock.ahead), [&](std::uint32_t i, std::uint32_t j) {
        if (!same_conversation(*a.courses[i].flow, *b.courses[j].flow)) { pairs.push_back({i, j, 0}); }
    });
    std::ranges::sort(pairs);
    return pairs;
}

std::vector<PairRef> likely_pairs(const PairSide& a, const PairSide& b, const PairClock& clock, const PairGrid& grid, const LinkOptions& options) {
    using namespace pair_candidates;
    const Embedder embed(grid.shape, options.seed);
    std::vector<PairRef> pairs;
    const auto look_in = [&](std::size_t w) {
        const Time start = grid.origin + static_cast<std::int64_t>(w) * grid.step();
        const Embedded of_b = alive_in(b, clock.ahead, start, grid, options);
        if (of_b.flows.empty()) { return; }
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
    };
    for (const auto& [from, end] : windows_in_use(b, clock.ahead, grid)) {
        for (std::size_t w = from; w < end && !options.stop.stop_requested(); ++w) { look_in(w); }
    }
    std::erase_if(pairs, [&](const PairRef& p) { return same_conversation(*a.courses[p.a].flow, *b.courses[p.b].flow); });
    return pairs;
}

}  // namespace hw::trace
