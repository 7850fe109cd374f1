#include "app/command/map_graph.hpp"

#include "base/text.hpp"
#include "route/graph/choke_points.hpp"
#include "route/graph/inference.hpp"
#include "route/graph/vertex_cut.hpp"
#include "route/predict/path_predictor.hpp"
#include "route/told_paths.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace hw::app::command {
namespace {
namespace map_graphing {

using View = output::MapView;

/// More of the target's ASes than these are not searched for a smallest cut, nor for ways to each: a country of hundreds has no small one.
constexpr std::size_t kMostEnds = 64;

std::vector<net::Asn> asns_of(const route::AsGraph& graph, std::span<const route::Node> nodes) {
    std::vector<net::Asn> out;
    out.reserve(nodes.size());
    for (const route::Node n : nodes) { out.push_back(graph.asn(n)); }
    return out;
}

void add_chokes(View& view, const route::AsGraph& graph, std::span<const route::Node> ends) {
    const auto found = route::choke_points(graph, ends);
    view.graph->without_path = found.without_path;
    view.chokes.reserve(found.points.size());
    for (const auto& p : found.points) { view.chokes.push_back({.asn = graph.asn(p.node), .on_path = p.on_path, .cut_off = p.cut_off}); }
    if (ends.size() > kMostEnds) { return; }
    const auto cut = route::smallest_cut(graph, ends);
    view.cut = View::Cut{.ases = asns_of(graph, cut.nodes), .found = cut.found, .at_least = cut.at_least};
}

void add_what_if(View& view, const route::AsGraph& graph, std::span<const route::Node> ends, std::span<const net::Asn> without) {
    output::MapWithout& shown = view.without.emplace();
    std::vector<route::Node> removed;
    for (const net::Asn asn : without) {
        const auto node = graph.find(asn);
        if (!node || std::ranges::find(ends, *node) != ends.end()) { shown.passed_over.push_back(asn); }
        else if (std::ranges::find(removed, *node) == removed.end()) {
            removed.push_back(*node);
            shown.ases.push_back(asn);
        }
    }
    if (removed.empty()) { return; }
    const auto found = route::what_if(graph, ends, removed);
    shown.pairs = found.pairs;
    shown.cut_off = found.cut_off;
    shown.rerouted = found.rerouted;
    shown.length_before = found.length_before;
    shown.length_after = found.length_after;
    for (const auto& gain : found.gains) { shown.gains.push_back({.asn = graph.asn(gain.node), .before = gain.before, .after = gain.after}); }
}

/// The ways from `from` to the target that routers told, by how many routes took each.
View::WaysFrom told_from(const GraphQuestion& question, net::Asn from) {
    std::map<std::vector<net::Asn>, std::size_t> taken;
    std::size_t all = 0;
    const auto& paths = question.rib.paths();
    for (const auto id : question.scope) {
        for (const auto& route : question.rib.routes(id)) {
            const auto path = paths.asns(route.path);
            const auto at = std::ranges::find(path, from);
            if (at == path.end() || paths.has_set(route.path)) { continue; }
            ++taken[std::vector<net::Asn>(at, path.end())];
            ++all;
        }
    }
    View::WaysFrom out{.from = from, .to = {}, .told = all > 0, .calibrated = true, .ways = {}, .other = 0};
    for (const auto& [path, times] : taken) { out.ways.push_back({.path = path, .probability = static_cast<double>(times) / static_cast<double>(all)}); }
    std::ranges::stable_sort(out.ways, std::ranges::greater{}, &View::Way::probability);
    return out;
}

/// Likely ways where none was told.
void add_likely(View& view, const route::PathPredictor& predictor, std::span<const route::Node> ends, std::span<const net::Asn> sources) {
    const auto& graph = predictor.graph();
    route::RoutingTree tree(graph);
    for (const route::Node end : ends) {
        tree.compute(end);
        for (const net::Asn from : sources) {
            View::WaysFrom out{.from = from, .to = graph.asn(end), .told = false, .calibrated = false, .ways = {}, .other = 1};
            if (const auto source = graph.find(from)) {
                const auto said = predictor.predict(tree, end, *source);
                out.calibrated = said.calibrated;
                out.other = said.other;
                for (const auto& path : said.paths) { out.ways.push_back({.path = asns_of(graph, path.nodes), .probability = path.probability}); }
            }
            view.ways.push_back(std::move(out));
        }
    }
}

/// Who tells most ways: the first networks of the ways, the most first.
std::vector<net::Asn> tellers(const route::ToldPaths& told, std::size_t most) {
    std::map<net::Asn, std::size_t> ways_of;
    for (const auto& path : told) { ++ways_of[path.front()]; }
    std::vector<std::pair<std::size_t, net::Asn>> order;
    order.reserve(ways_of.size());
    for (const auto& [asn, ways] : ways_of) { order.emplace_back(ways, asn); }
    std::ranges::sort(order, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    if (order.size() > most) { order.resize(most); }
    std::vector<net::Asn> out;
    out.reserve(order.size());
    for (const auto& [ways, asn] : order) { out.push_back(asn); }
    return out;
}

}  // namespace map_graphing
}  // namespace

void add_graph(output::MapView& view, const Invocation& invocation, const GraphQuestion& question, Progress& progress) {
    using namespace map_graphing;
    progress.show("what the networks are to each other");
    const auto told = route::told_paths(question.rib);
    const route::Relationships none;
    const auto& given = question.relationships ? *question.relationships : none;
    const auto completed = route::infer_relationships(told, given.links, given.clique);
    const auto graph = route::AsGraph::build(completed.links);
    view.graph = View::Graph{.path = question.path, .ases = graph.size(), .links = graph.links(), .inferred = completed.inferred, .without_path = 0, .knows_target = false};
    std::vector<route::Node> ends;
    for (const net::Asn asn : view.ases) {
        if (const auto node = graph.find(asn)) { ends.push_back(*node); }
    }
    if (ends.empty()) { return; }
    view.graph->knows_target = true;
    progress.show("choke points of " + counted(ends.size(), "AS", "ASes"));
    add_chokes(view, graph, ends);
    if (const auto without = invocation.settings.asns("without"); !without.empty()) { add_what_if(view, graph, ends, without); }

    std::vector<net::Asn> unknown;
    for (const net::Asn from : invocation.settings.asns("from")) {
        auto ways = told_from(question, from);
        if (ways.told) { view.ways.push_back(std::move(ways)); }
        else if (std::ranges::find(unknown, from) == unknown.end()) { unknown.push_back(from); }
    }
    // Of an AS that no router tells of there is nothing else to say than how it would be reached.
    constexpr std::size_t kTellers = 5;
    if (!invocation.settings.is_set("from") && question.scope.empty()) { unknown = tellers(told, kTellers); }
    if (!unknown.empty()) {
        progress.show("learning which ways are taken");
        const auto predictor = route::PathPredictor::learn(given.links, given.clique, told);
        std::vector<route::Node> there;  // its graph has the same links, and numbers of its own
        for (const route::Node end : std::span(ends).first(std::min(kMostEnds, ends.size()))) {
            if (const auto node = predictor.graph().find(graph.asn(end))) { there.push_back(*node); }
        }
        add_likely(view, predictor, there, unknown);
    }
    progress.clear();
}

}  // namespace hw::app::command
