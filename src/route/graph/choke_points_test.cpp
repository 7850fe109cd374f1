#include "route/graph/choke_points.hpp"
#include "route/graph/graph_oracle_test.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw;
using namespace hw::route;
using net::Asn;

namespace {

AsGraph graph_of(std::string_view text) { return AsGraph::build(parse_relationships(text).value().links); }

/// Share of pairs with a path of which `out` is no end that have none without it, by listing every valley-free path.
double cut_by_listing(const AsGraph& graph, std::span<const Node> destinations, Node out) {
    double pairs = 0;
    double cut = 0;
    for (const Node to : destinations) {
        for (Node from = 0; from < graph.size(); ++from) {
            if (from == out || to == out || std::ranges::count(destinations, from) != 0) { continue; }
            const auto paths = test::valley_free_paths(graph, from, to);
            if (paths.empty()) { continue; }
            ++pairs;
            if (std::ranges::all_of(paths, [&](const auto& path) { return std::ranges::count(path, out) != 0; })) { ++cut; }
        }
    }
    return pairs == 0 ? 0 : cut / pairs;
}

}  // namespace

TEST_CASE("choke points: an AS behind one provider is cut off by it whole; behind two, by neither") {
    const AsGraph one = graph_of("1|2|0\n1|4837|-1\n2|4837|-1\n4837|131279|-1\n1|5|-1\n2|6|-1\n");
    const auto node = [](const AsGraph& graph, std::uint32_t asn) { return graph.find(Asn(asn)).value(); };
    const Node to = node(one, 131279);
    const auto report = choke_points(one, std::span(&to, 1));
    REQUIRE_FALSE(report.points.empty());
    CHECK(one.asn(report.points[0].node) == Asn(4837));
    CHECK(report.points[0].cut_off == doctest::Approx(1));
    CHECK(report.points[0].on_path == doctest::Approx(1));
    CHECK(report.pairs == 5);

    const AsGraph two = graph_of("1|2|0\n1|4837|-1\n2|4837|-1\n4837|131279|-1\n1|5|-1\n2|5|-1\n2|22351|-1\n1|22351|-1\n22351|131279|-1\n");
    const Node again = node(two, 131279);
    const auto none = choke_points(two, std::span(&again, 1));
    for (const ChokePoint& point : none.points) { CHECK(point.cut_off == 0); }
    CHECK(none.points.size() >= 2);
}

TEST_CASE("choke points: shares are those of listing every valley-free path, for one destination and for several") {
    std::size_t cutting = 0;
    for (std::uint32_t seed = 0; seed < 150; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 9));
        for (Node first = 0; first < graph.size(); ++first) {
            std::vector<Node> to{first};
            if (seed % 3 == 0 && first + 1 < graph.size()) { to.push_back(first + 1); }
            const auto report = choke_points(graph, to, {.min_share = 0, .most = 100});
            for (Node out = 0; out < graph.size(); ++out) {
                const auto found = std::ranges::find(report.points, out, &ChokePoint::node);
                const double share = found == report.points.end() ? 0 : found->cut_off;
                REQUIRE(share == doctest::Approx(cut_by_listing(graph, to, out)));
                if (share > 0) {
                    ++cutting;
                    REQUIRE(found->on_path >= share - 1e-9);
                }
            }
        }
    }
    CHECK(cutting > 500);
}

TEST_CASE("choke points: an AS that some paths cross going up and others going down is found, though neither of its places dominates") {
    // From 10: over 20 up and 30 down, or over 40 up and 20 down. 20 is on both.
    const AsGraph graph = graph_of("20|10|-1\n40|10|-1\n40|20|-1\n20|99|-1\n30|20|-1\n30|99|-1\n");
    const Node source = graph.find(Asn(10)).value();
    const Node to = graph.find(Asn(99)).value();
    REQUIRE(test::valley_free_paths(graph, source, to).size() >= 3);
    CHECK(unavoidable(graph, source, to) == std::vector{graph.find(Asn(20)).value()});
}

TEST_CASE("choke points: what cannot be avoided between two ASes is what all their paths hold") {
    for (std::uint32_t seed = 500; seed < 600; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 8));
        for (Node from = 0; from < graph.size(); ++from) {
            for (Node to = 0; to < graph.size(); ++to) {
                if (from == to) { continue; }
                const auto paths = test::valley_free_paths(graph, from, to);
                auto found = unavoidable(graph, from, to);
                std::vector<Node> on_all;
                for (Node n = 0; n < graph.size(); ++n) {
                    if (n != from && n != to && !paths.empty() && std::ranges::all_of(paths, [&](const auto& p) { return std::ranges::count(p, n) != 0; })) { on_all.push_back(n); }
                }
                std::ranges::sort(found);
                REQUIRE(found == on_all);
            }
        }
    }
}

TEST_CASE("what-if: a removal is told as pairs cut off, pairs rerouted and who carries more") {
    const AsGraph graph = graph_of("1|2|0\n1|3|-1\n2|4|-1\n3|9|-1\n4|9|-1\n1|5|-1\n3|6|-1\n");
    const auto node = [&](std::uint32_t asn) { return graph.find(Asn(asn)).value(); };
    const Node to = node(9);
    const Node out = node(3);
    const WhatIf result = what_if(graph, std::span(&to, 1), std::span(&out, 1));
    CHECK(result.pairs == 5);
    CHECK(result.cut_off == 1);   // AS6 hangs on AS3 alone
    CHECK(result.rerouted == 2);  // AS1 and AS5 now go over AS2
    CHECK(result.length_after > result.length_before);
    REQUIRE_FALSE(result.gains.empty());
    CHECK(std::ranges::count(result.gains, node(4), &WhatIf::Gain::node) == 1);

    const WhatIf gone = what_if(graph, std::span(&to, 1), std::span(&to, 1));
    CHECK(gone.pairs == 0);
}
