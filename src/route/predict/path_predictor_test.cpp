#include "route/predict/path_predictor.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <vector>

using namespace hw;
using namespace hw::route;

namespace {

net::Asn as(std::uint32_t number) { return net::Asn(number); }

AsLink sells(std::uint32_t provider, std::uint32_t customer) { return {as(provider), as(customer), Relation::provider_customer}; }

/// A source (10) with two providers (21, 22), which both sell to every one of many destinations. The source takes 22 nine times of ten, against its lower number.
struct TwoProviders {
    std::vector<AsLink> links{sells(21, 10), sells(22, 10)};
    ToldPaths told;
    TwoProviders() {
        std::mt19937 random(5);
        for (std::uint32_t d = 1'000; d < 6'000; ++d) {
            links.push_back(sells(21, d));
            links.push_back(sells(22, d));
            if (d < 5'900) { told.push_back({as(10), as(random() % 10 == 0 ? 21 : 22), as(d)}); }
        }
    }
};

Prediction asked(const PathPredictor& predictor, std::uint32_t from, std::uint32_t to) {
    const AsGraph& graph = predictor.graph();
    RoutingTree tree(graph);
    tree.compute(*graph.find(as(to)));
    return predictor.predict(tree, *graph.find(as(to)), *graph.find(as(from)));
}

}  // namespace

TEST_CASE("path predictor: what was observed elsewhere decides where the rules leave a choice, and as surely as it held") {
    const TwoProviders world;
    const auto predictor = PathPredictor::learn(world.links, {}, world.told);
    const auto said = asked(predictor, 10, 5'950);
    REQUIRE(said.paths.size() == 2);
    CHECK(said.calibrated);
    CHECK(predictor.graph().asn(said.paths[0].nodes[1]) == as(22));
    CHECK(std::abs(said.paths[0].probability - 0.9) < 0.03);
    CHECK(std::abs(said.paths[1].probability - 0.1) < 0.03);
    CHECK(said.other < 0.05);
}

TEST_CASE("path predictor: of more ways than are counted some of all are, and they say the same") {
    const TwoProviders world;
    const auto predictor = PathPredictor::learn(world.links, {}, world.told, {.most = 16, .least = 0.01, .ways = 1'000, .destinations = 2'500});
    const auto said = asked(predictor, 10, 5'950);
    REQUIRE(said.paths.size() == 2);
    CHECK(predictor.graph().asn(said.paths[0].nodes[1]) == as(22));
    CHECK(std::abs(said.paths[0].probability - 0.9) < 0.05);
}

TEST_CASE("path predictor: without anything observed the rules hold, and it says that nothing was held against") {
    const TwoProviders world;
    const auto predictor = PathPredictor::learn(world.links, {}, {});
    const auto said = asked(predictor, 10, 5'950);
    REQUIRE(said.paths.size() == 2);
    CHECK_FALSE(said.calibrated);
    const double sum = std::accumulate(said.paths.begin(), said.paths.end(), said.other, [](double a, const PredictedPath& p) { return a + p.probability; });
    CHECK(std::abs(sum - 1) < 1e-9);
}

TEST_CASE("path predictor: no way has a valley, and none is foretold where there is none") {
    // 1 and 2 are customers of 3 and peers of nobody; 4 is a customer of 1 and 2: from 1 to 2 only by 3, never by 4.
    const std::vector<AsLink> links{sells(3, 1), sells(3, 2), sells(1, 4), sells(2, 4), sells(50, 51)};
    const auto predictor = PathPredictor::learn(links, {}, {});
    const auto said = asked(predictor, 1, 2);
    REQUIRE(said.paths.size() == 1);
    CHECK(predictor.graph().asn(said.paths[0].nodes[1]) == as(3));
    CHECK(asked(predictor, 1, 51).paths.empty());
    CHECK(asked(predictor, 1, 51).other == 1);
    CHECK(asked(predictor, 1, 1).paths.size() == 1);
}

TEST_CASE("path predictor: links that only observed ways have are used") {
    const std::vector<AsLink> links{sells(1, 2), sells(1, 3)};
    const ToldPaths told{{as(1), as(2), as(9)}};
    const auto predictor = PathPredictor::learn(links, std::vector<net::Asn>{as(1)}, told);
    const auto said = asked(predictor, 3, 9);
    REQUIRE(said.paths.size() == 1);
    CHECK(said.paths[0].nodes.size() == 4);
}

TEST_CASE("isotonic curve: never falls, and tells how often what was said came true") {
    std::mt19937 random(3);
    std::uniform_real_distribution<double> uniform;
    std::vector<std::pair<double, bool>> said;
    for (int i = 0; i < 20'000; ++i) {
        const double s = uniform(random);
        said.emplace_back(s, uniform(random) < s * s);
    }
    const IsotonicCurve curve(said);
    double last = 0;
    for (double s = 0.05; s < 1; s += 0.05) {
        CHECK(curve(s) >= last);
        last = curve(s);
        CHECK(std::abs(curve(s) - s * s) < 0.06);
    }
    CHECK(IsotonicCurve()(0.3) == 0.3);
}

TEST_CASE("isotonic curve: what was said alike came true as often as it did, whatever the order") {
    std::vector<std::pair<double, bool>> said;
    for (int i = 0; i < 1'000; ++i) {
        said.emplace_back(0.9, i % 4 != 0);
        said.emplace_back(0.1, i % 10 == 0);
    }
    const IsotonicCurve curve(said);
    CHECK(curve(0.9) == 0.75);
    CHECK(std::abs(curve(0.1) - 0.1) < 1e-12);
    CHECK(curve(1.0) == 0.75);
}
