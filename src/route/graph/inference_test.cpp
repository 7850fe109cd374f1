#include "route/graph/inference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace hw;
using namespace hw::route;

namespace {

using Paths = std::vector<std::vector<net::Asn>>;

Paths paths_of(const std::vector<std::vector<std::uint32_t>>& numbers) {
    Paths out;
    for (const auto& path : numbers) {
        auto& to = out.emplace_back();
        for (const auto n : path) { to.emplace_back(n); }
    }
    return out;
}

/// `1>2` where the first sells to the second, `1-2` for peers.
std::string text_of(const std::vector<AsLink>& links) {
    std::string out;
    for (const AsLink& link : links) { out += std::to_string(link.first.number()) + (link.relation == Relation::peer ? "-" : ">") + std::to_string(link.second.number()) + " "; }
    return out;
}

}  // namespace

TEST_CASE("inference: who is announced to a peer at the top is a customer, and so on downwards") {
    // 1 and 2 at the top; 3 buys from 2, 4 from 3, and 4 is told to 1 through 2.
    const std::vector<net::Asn> top{net::Asn(1), net::Asn(2)};
    const auto found = infer_relationships(paths_of({{1, 2, 3, 4}, {1, 2, 3}, {2, 1, 5}}), {}, top);
    CHECK(text_of(found.links) == "1-2 1>5 2>3 3>4 ");
    CHECK(found.inferred == 4);
    CHECK(found.report.paths == 3);
}

TEST_CASE("inference: ways that loop, hold reserved numbers, or cross the top twice are left out and counted") {
    const std::vector<net::Asn> top{net::Asn(1), net::Asn(2)};
    const auto found = infer_relationships(paths_of({{1, 2, 3}, {1, 4, 1}, {1, 23'456, 3}, {1, 6, 2, 3}, {7}}), {}, top);
    CHECK(found.report.looping == 1);
    CHECK(found.report.reserved == 1);
    CHECK(found.report.poisoned == 1);
    CHECK(found.report.paths == 1);
}

TEST_CASE("inference: what is known is kept, seen or not, and is evidence for the rest") {
    const std::vector<AsLink> known{{net::Asn(8), net::Asn(7), Relation::provider_customer}, {net::Asn(20), net::Asn(21), Relation::peer}};
    const std::vector<net::Asn> top{net::Asn(1)};
    const auto found = infer_relationships(paths_of({{1, 8, 7, 6}}), known, top);
    const auto text = text_of(found.links);
    CHECK(text.find("8>7 ") != std::string::npos);
    CHECK(text.find("7>6 ") != std::string::npos);
    CHECK(text.find("20-21 ") != std::string::npos);
    CHECK(found.links.size() == 4);
    CHECK(found.inferred == 2);
}

TEST_CASE("inference: nothing comes of nothing") {
    const auto found = infer_relationships({});
    CHECK(found.links.empty());
    CHECK(found.clique.empty());
}

TEST_CASE("inference: the order of the ways does not matter") {
    auto paths = paths_of({{1, 2, 3, 4}, {2, 1, 5, 6}, {3, 2, 1, 5}, {1, 2, 7}, {2, 1, 8}, {9, 1, 2, 3}});
    const auto one = infer_relationships(paths);
    std::ranges::reverse(paths);
    const auto other = infer_relationships(paths);
    CHECK(one.links == other.links);
    CHECK(one.clique == other.clique);
}
