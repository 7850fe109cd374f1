#include "route/graph/choke_points.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace hw::route {
namespace {
namespace choke_points_detail {

constexpr std::size_t kTreesAtOnce = 16;
constexpr std::size_t kGains = 16;

std::vector<Node> without_doubles(std::span<const Node> nodes) {
    std::vector<Node> out(nodes.begin(), nodes.end());
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

/// What each AS carries between `sources` and others, summed over the destinations; the AS's own pairs left out.
struct Load {
    std::vector<double> through;
    std::vector<std::uint64_t> own;  // pairs of which the AS is an end
    std::uint64_t pairs = 0;
};

Load load_of(const AsGraph& graph, std::span<const Node> destinations, std::span<const double> sources, NodeMask removed) {
    Load load{std::vector<double>(graph.size()), std::vector<std::uint64_t>(graph.size()), 0};
    // Sums of fractions depend on their order: trees are made at the same time, but summed one after the other.
    std::vector<std::vector<double>> carried(kTreesAtOnce);
    for (std::size_t first = 0; first < destinations.size(); first += kTreesAtOnce) {
        const auto some = destinations.subspan(first, std::min(kTreesAtOnce, destinations.size() - first));
        for_each_tree(graph, some, removed, [&](std::size_t place, const RoutingTree& tree) { carried[place] = tree.carried(sources); });
        for (std::size_t i = 0; i < some.size(); ++i) {
            const auto arrived = static_cast<std::uint64_t>(std::llround(carried[i][some[i]]));
            load.pairs += arrived;
            load.own[some[i]] += arrived;
            for (Node n = 0; n < graph.size(); ++n) {
                // A source that carries itself has a path.
                if (n == some[i] || carried[i][n] == 0) { continue; }
                load.through[n] += carried[i][n] - sources[n];
                load.own[n] += sources[n] != 0 ? 1 : 0;
            }
        }
    }
    return load;
}

double share(double part, std::uint64_t of) { return of == 0 ? 0 : std::clamp(part / static_cast<double>(of), 0.0, 1.0); }

}  // namespace choke_points_detail
}  // namespace

ChokeReport choke_points(const AsGraph& graph, std::span<const Node> wanted, ChokeOptions options) {
    using namespace choke_points_detail;
    const std::vector<Node> destinations = without_doubles(wanted);
    std::vector<double> sources(graph.size(), 1.0);
    for (const Node d : destinations) { sources[d] = 0; }
    const Load load = load_of(graph, destinations, sources, {});

    ChokeReport report;
    report.pairs = load.pairs;
    report.without_path = (graph.size() - destinations.size()) * destinations.size() - load.pairs;
    std::vector<ChokePoint> candidates;
    for (Node n = 0; n < graph.size(); ++n) {
        const double on_path = share(load.through[n], load.pairs - load.own[n]);
        if (on_path > 0 && on_path >= options.min_share) { candidates.push_back({n, on_path, 0}); }
    }
    const auto order = [&](const ChokePoint& a, const ChokePoint& b) {
        return std::tuple(-a.cut_off, -a.on_path, graph.asn(a.node)) < std::tuple(-b.cut_off, -b.on_path, graph.asn(b.node));
    };
    std::ranges::sort(candidates, order);
    if (candidates.size() > options.most) { candidates.resize(options.most); }

    struct Scratch {
        RoutingTree tree;
        std::vector<std::uint8_t> removed;
    };
    tbb::enumerable_thread_specific<Scratch> scratches([&] { return Scratch{RoutingTree(graph), std::vector<std::uint8_t>(graph.size())}; });
    std::vector<std::uint64_t> kept(candidates.size() * destinations.size());
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, kept.size()), [&](const tbb::blocked_range<std::size_t>& range) {
        Scratch& scratch = scratches.local();
        for (std::size_t i = range.begin(); i != range.end(); ++i) {
            const Node out = candidates[i / destinations.size()].node;
            const Node to = destinations[i % destinations.size()];
            if (out == to) { continue; }
            scratch.removed[out] = 1;
            scratch.tree.compute(to, scratch.removed);
            scratch.removed[out] = 0;
            for (Node n = 0; n < graph.size(); ++n) { kept[i] += sources[n] != 0 && scratch.tree.reached(n) ? 1 : 0; }
        }
    });
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        const std::uint64_t pairs = load.pairs - load.own[candidates[c].node];
        std::uint64_t still = 0;
        for (std::size_t d = 0; d < destinations.size(); ++d) { still += kept[c * destinations.size() + d]; }
        candidates[c].cut_off = share(static_cast<double>(pairs - still), pairs);
    }
    std::ranges::sort(candidates, order);
    report.points = std::move(candidates);
    return report;
}

std::vector<Node> unavoidable(const AsGraph& graph, Node source, Node destination) {
    RoutingTree tree(graph);
    tree.compute(destination);
    const std::vector<Node> path = tree.path(source);
    std::vector<Node> out;
    std::vector<std::uint8_t> removed(graph.size());
    for (const Node n : path) {
        if (n == source || n == destination) { continue; }
        removed[n] = 1;
        tree.compute(destination, removed);
        removed[n] = 0;
        if (!tree.reached(source)) { out.push_back(n); }
    }
    return out;
}

WhatIf what_if(const AsGraph& graph, std::span<const Node> wanted, std::span<const Node> removed) {
    using namespace choke_points_detail;
    std::vector<std::uint8_t> mask(graph.size());
    for (const Node n : removed) { mask[n] = 1; }
    std::vector<Node> destinations = without_doubles(wanted);
    std::erase_if(destinations, [&](Node d) { return mask[d] != 0; });
    std::vector<double> sources(graph.size(), 1.0);
    for (const Node d : destinations) { sources[d] = 0; }
    for (const Node n : removed) { sources[n] = 0; }

    WhatIf out;
    RoutingTree before(graph);
    RoutingTree after(graph);
    std::vector<Node> hops;
    std::vector<Node> then;
    std::uint64_t links_before = 0;
    std::uint64_t links_after = 0;
    for (const Node to : destinations) {
        before.compute(to);
        after.compute(to, mask);
        for (Node n = 0; n < graph.size(); ++n) {
            if (sources[n] == 0 || !before.reached(n)) { continue; }
            ++out.pairs;
            if (!after.reached(n)) {
                ++out.cut_off;
                continue;
            }
            links_before += before.length(n);
            links_after += after.length(n);
            bool same = before.route_class(n) == after.route_class(n) && before.length(n) == after.length(n);
            if (same) {
                before.next_hops(n, hops);
                after.next_hops(n, then);
                same = std::ranges::any_of(then, [&](Node hop) { return std::ranges::find(hops, hop) != hops.end(); });
            }
            if (!same) { ++out.rerouted; }
        }
    }
    if (const auto kept = static_cast<double>(out.pairs - out.cut_off); kept > 0) {
        out.length_before = static_cast<double>(links_before) / kept;
        out.length_after = static_cast<double>(links_after) / kept;
    }
    const Load old_load = load_of(graph, destinations, sources, {});
    const Load new_load = load_of(graph, destinations, sources, mask);
    for (Node n = 0; n < graph.size(); ++n) {
        const double was = share(old_load.through[n], old_load.pairs - old_load.own[n]);
        const double is = share(new_load.through[n], new_load.pairs - new_load.own[n]);
        if (is > was + 1e-9) { out.gains.push_back({n, was, is}); }
    }
    std::ranges::sort(out.gains, [&](const WhatIf::Gain& a, const WhatIf::Gain& b) {
        return std::tuple(a.before - a.after, graph.asn(a.node)) < std::tuple(b.before - b.after, graph.asn(b.node));
    });
    if (out.gains.size() > kGains) { out.gains.resize(kGains); }
    return out;
}

}  // namespace hw::route
