#include "route/graph/as_graph.hpp"
#include "route/graph/graph_oracle_test.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace hw;
using namespace hw::route;
using net::Asn;

TEST_CASE("as graph: neighbours are kept by relation, in the order of their numbers") {
    const auto read = parse_relationships("10|30|-1\n10|20|-1\n20|30|-1\n10|11|0\n9|10|0\n11|20|-1\n").value();
    const AsGraph graph = AsGraph::build(read.links);
    CHECK(graph.size() == 5);
    CHECK(graph.links() == 6);
    const auto node = [&](std::uint32_t asn) { return graph.find(Asn(asn)).value(); };
    const auto numbers = [&](std::span<const Node> nodes) {
        std::vector<std::uint32_t> out;
        for (const Node n : nodes) { out.push_back(graph.asn(n).number()); }
        return out;
    };
    CHECK(numbers(graph.customers(node(10))) == std::vector<std::uint32_t>{20, 30});
    CHECK(numbers(graph.providers(node(30))) == std::vector<std::uint32_t>{10, 20});
    CHECK(numbers(graph.peers(node(10))) == std::vector<std::uint32_t>{9, 11});
    CHECK(graph.providers(node(9)).empty());
    CHECK_FALSE(graph.find(Asn(12)));
    CHECK(customer_cone_sizes(graph)[node(10)] == 3);
    CHECK(customer_cone_sizes(graph)[node(30)] == 1);
    CHECK(customer_cone(graph, node(11)).size() == 3);
}

TEST_CASE("as graph: providers have lower numbers than their customers, whatever the links") {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        const AsGraph graph = AsGraph::build(test::random_links(seed, 10, true));
        for (Node n = 0; n < graph.size(); ++n) {
            for (const Node provider : graph.providers(n)) { CHECK(provider < n); }
            for (const Node customer : graph.customers(n)) { CHECK(std::ranges::count(graph.providers(customer), n) == 1); }
            for (const Node peer : graph.peers(n)) { CHECK(std::ranges::count(graph.peers(peer), n) == 1); }
        }
    }
}

TEST_CASE("as graph: a link that closes a cycle of providers is left out and named") {
    const auto read = parse_relationships("1|2|-1\n2|3|-1\n3|1|-1\n3|4|-1\n").value();
    const AsGraph graph = AsGraph::build(read.links);
    CHECK(graph.size() == 4);
    CHECK(graph.links() == 3);
    REQUIRE(graph.cyclic().size() == 1);
    CHECK(graph.cyclic()[0] == AsLink{Asn(3), Asn(1), Relation::provider_customer});
}

TEST_CASE("as graph: an empty one has nothing in it") {
    const AsGraph graph = AsGraph::build({});
    CHECK(graph.size() == 0);
    CHECK(graph.links() == 0);
    CHECK_FALSE(graph.find(Asn(1)));
    CHECK(customer_cone_sizes(graph).empty());
}
