#include "route/graph/graph_oracle_test.hpp"
#include "route/graph/vertex_cut.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>

using namespace hw;
using namespace hw::route;
using net::Asn;

namespace {

/// The size of a smallest cut by trying every set; nodes + 1 where none cuts.
std::size_t by_trying(const AsGraph& graph, Node to, std::span<const std::uint8_t> source, std::span<const std::uint8_t> fixed) {
    std::size_t best = graph.size() + 1;
    RoutingTree tree(graph);
    for (std::uint32_t set = 0; set < (1U << graph.size()); ++set) {
        const auto size = static_cast<std::size_t>(std::popcount(set));
        if (size >= best) { continue; }
        std::vector<std::uint8_t> removed(graph.size());
        bool allowed = true;
        for (Node n = 0; n < graph.size(); ++n) {
            removed[n] = (set >> n) & 1U;
            allowed = allowed && !(removed[n] != 0 && fixed[n] != 0);
        }
        if (!allowed) { continue; }
        tree.compute(to, removed);
        bool cut = true;
        for (Node n = 0; n < graph.size(); ++n) { cut = cut && !(source[n] != 0 && tree.reached(n)); }
        if (cut) { best = size; }
    }
    return best;
}

}  // namespace

TEST_CASE("vertex cut: two upstreams need two ASes taken out, and they are named") {
    const AsGraph graph = AsGraph::build(parse_relationships("1|2|0\n1|4837|-1\n2|4837|-1\n4837|131279|-1\n1|5|-1\n2|6|-1\n2|22351|-1\n22351|131279|-1\n").value().links);
    const Node to = graph.find(Asn(131279)).value();
    const VertexCut cut = smallest_cut(graph, std::span(&to, 1));
    REQUIRE(cut.found);
    CHECK(cut.at_least == 2);
    CHECK(cut.nodes == std::vector{graph.find(Asn(4837)).value(), graph.find(Asn(22351)).value()});
}

TEST_CASE("vertex cut: the size is that of trying every set of ASes, with all sources and with some, with ASes that must stay") {
    std::mt19937 random(3);
    std::size_t larger = 0;
    for (std::uint32_t seed = 0; seed < 250; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 9));
        for (Node to = 0; to < graph.size(); to += 2) {
            std::vector<std::uint8_t> source(graph.size(), 1);
            std::vector<std::uint8_t> fixed(graph.size());
            std::vector<Node> sources;
            std::vector<Node> unremovable;
            if (seed % 2 == 0) {
                for (Node n = 0; n < graph.size(); ++n) {
                    source[n] = n != to && random() % 3 == 0 ? 1 : 0;
                    if (source[n] != 0) { sources.push_back(n); }
                }
                if (sources.empty()) { continue; }
                // Every second time the sources must stay.
                if (seed % 4 == 0) { unremovable = sources; }
            } else {
                for (const Node n : customer_cone(graph, to)) { source[n] = 0; }
            }
            for (const Node n : unremovable) { fixed[n] = 1; }
            fixed[to] = 1;
            const std::size_t size = by_trying(graph, to, source, fixed);
            const VertexCut cut = smallest_cut(graph, std::span(&to, 1), {.most = 8, .sources = sources, .unremovable = unremovable});
            if (size > 8 || size > graph.size()) {
                REQUIRE_FALSE(cut.found);
                continue;
            }
            REQUIRE(cut.found);
            REQUIRE(cut.nodes.size() == size);
            REQUIRE(cut.at_least == size);
            larger += size > 1 ? 1 : 0;
            std::vector<std::uint8_t> removed(graph.size());
            for (const Node n : cut.nodes) {
                removed[n] = 1;
                REQUIRE(fixed[n] == 0);
            }
            RoutingTree tree(graph);
            tree.compute(to, removed);
            for (Node n = 0; n < graph.size(); ++n) { REQUIRE_FALSE((source[n] != 0 && tree.reached(n))); }
        }
    }
    CHECK(larger > 100);
}

TEST_CASE("vertex cut: with nothing to cut the set is empty; a bound that is too low finds none and says so") {
    const AsGraph graph = AsGraph::build(parse_relationships("1|9|-1\n2|9|-1\n3|9|-1\n7|8|-1\n").value().links);
    const Node to = graph.find(Asn(9)).value();
    const Node apart = graph.find(Asn(7)).value();
    const VertexCut nothing = smallest_cut(graph, std::span(&to, 1), {.sources = std::span(&apart, 1)});
    CHECK(nothing.found);
    CHECK(nothing.nodes.empty());
    const VertexCut low = smallest_cut(graph, std::span(&to, 1), {.most = 2});
    CHECK_FALSE(low.found);
    CHECK(low.at_least == 3);
}
