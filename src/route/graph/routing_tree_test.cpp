#include "route/graph/graph_oracle_test.hpp"
#include "route/graph/routing_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <tuple>

using namespace hw;
using namespace hw::route;
using net::Asn;

namespace {

/// Routes as ASes would agree on them: each takes the best of what its neighbours offer, again and again, until nothing changes.
struct Settled {
    std::vector<RouteClass> cls;
    std::vector<unsigned> length;
    std::vector<std::vector<Node>> hops;
};

Settled settle(const AsGraph& graph, Node to, NodeMask removed) {
    const std::size_t n = graph.size();
    Settled s{std::vector(n, RouteClass::none), std::vector(n, 0U), std::vector<std::vector<Node>>(n)};
    const auto out = [&](Node x) { return !removed.empty() && removed[x] != 0; };
    if (out(to)) { return s; }
    s.cls[to] = RouteClass::origin;
    for (bool changed = true; changed;) {
        changed = false;
        for (Node x = 0; x < n; ++x) {
            if (x == to || out(x)) { continue; }
            RouteClass cls = RouteClass::none;
            unsigned length = 0;
            std::vector<Node> hops;
            const auto consider = [&](std::span<const Node> neighbours, RouteClass as, bool exports_all) {
                for (const Node y : neighbours) {
                    if (s.cls[y] == RouteClass::none || (!exports_all && s.cls[y] > RouteClass::customer)) { continue; }
                    const unsigned via = s.length[y] + 1;
                    if (std::tie(as, via) < std::tie(cls, length)) {
                        cls = as;
                        length = via;
                        hops.clear();
                    }
                    if (as == cls && via == length) { hops.push_back(y); }
                }
            };
            consider(graph.customers(x), RouteClass::customer, false);
            consider(graph.peers(x), RouteClass::peer, false);
            consider(graph.providers(x), RouteClass::provider, true);
            if (std::tie(cls, length, hops) != std::tie(s.cls[x], s.length[x], s.hops[x])) {
                s.cls[x] = cls;
                s.length[x] = length;
                s.hops[x] = hops;
                changed = true;
            }
        }
    }
    return s;
}

}  // namespace

TEST_CASE("routing tree: class, length and tied next hops are those that ASes settle on, with and without removals") {
    std::mt19937 random(7);
    std::size_t routes = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 4 + seed % 7));
        RoutingTree tree(graph);
        std::vector<Node> hops;
        for (int round = 0; round < 2; ++round) {
            std::vector<std::uint8_t> removed(round == 0 ? 0 : graph.size());
            for (auto& r : removed) { r = random() % 5 == 0 ? 1 : 0; }
            for (Node to = 0; to < graph.size(); ++to) {
                const Settled settled = settle(graph, to, removed);
                tree.compute(to, removed);
                for (Node from = 0; from < graph.size(); ++from) {
                    REQUIRE(tree.route_class(from) == settled.cls[from]);
                    if (!tree.reached(from)) { continue; }
                    ++routes;
                    tree.next_hops(from, hops);
                    REQUIRE(hops == settled.hops[from]);
                    REQUIRE(tree.length(from) == settled.length[from]);
                    REQUIRE(tree.next(from) == (hops.empty() ? kNoNode : hops.front()));
                }
            }
        }
    }
    CHECK(routes > 10'000);
}

TEST_CASE("routing tree: an AS has a route exactly where there is a valley-free path, and its route is one") {
    for (std::uint32_t seed = 300; seed < 400; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 8));
        RoutingTree tree(graph);
        for (Node to = 0; to < graph.size(); ++to) {
            tree.compute(to);
            for (Node from = 0; from < graph.size(); ++from) {
                const auto paths = test::valley_free_paths(graph, from, to);
                REQUIRE(tree.reached(from) == !paths.empty());
                if (tree.reached(from)) { REQUIRE(std::ranges::count(paths, tree.path(from)) == 1); }
            }
        }
    }
}

TEST_CASE("routing tree: of several destinations the nearest in class and length is taken") {
    const AsGraph graph = AsGraph::build(parse_relationships("1|2|-1\n2|3|-1\n4|5|-1\n1|4|0\n1|6|-1\n").value().links);
    const auto node = [&](std::uint32_t asn) { return graph.find(Asn(asn)).value(); };
    RoutingTree tree(graph);
    const std::vector to{node(3), node(5)};
    tree.compute(to);
    CHECK(tree.path(node(6)) == std::vector{node(6), node(1), node(2), node(3)});
    CHECK(tree.path(node(4)) == std::vector{node(4), node(5)});
    CHECK(tree.reached_count() == 6);
    tree.compute(node(5));
    CHECK(tree.path(node(3)) == std::vector{node(3), node(2), node(1), node(4), node(5)});
    CHECK(tree.route_class(node(1)) == RouteClass::peer);
}

TEST_CASE("routing tree: weights are carried along, in equal parts over ties") {
    const AsGraph graph = AsGraph::build(parse_relationships("2|1|-1\n3|1|-1\n2|4|-1\n3|4|-1\n3|5|-1\n").value().links);
    const auto node = [&](std::uint32_t asn) { return graph.find(Asn(asn)).value(); };
    RoutingTree tree(graph);
    tree.compute(node(1));
    const auto carried = tree.carried(std::vector(graph.size(), 1.0));
    CHECK(carried[node(1)] == doctest::Approx(5));
    CHECK(carried[node(2)] == doctest::Approx(1.5));
    CHECK(carried[node(3)] == doctest::Approx(2.5));
    CHECK(carried[node(4)] == doctest::Approx(1));
}

TEST_CASE("routing tree: all destinations in parallel give what each gives alone") {
    const AsGraph graph = AsGraph::build(test::random_links(5, 60));
    std::vector<Node> all(graph.size());
    std::iota(all.begin(), all.end(), Node{0});
    std::vector<std::vector<Node>> next(all.size());
    for_each_tree(graph, all, {}, [&](std::size_t place, const RoutingTree& tree) {
        for (const Node n : all) { next[place].push_back(tree.next(n)); }
    });
    RoutingTree tree(graph);
    for (const Node to : all) {
        tree.compute(to);
        for (const Node n : all) { REQUIRE(next[to][n] == tree.next(n)); }
    }
}
