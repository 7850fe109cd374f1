#pragma once

#include "net/asn.hpp"
#include "route/graph/relationships.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::route {

/// What became of the ways that relationships were inferred from.
struct InferenceReport {
    std::size_t paths = 0;      ///< Used.
    std::size_t looping = 0;    ///< Left out: an AS stands in them twice, with others between.
    std::size_t reserved = 0;   ///< Left out: a number that stands for no one network (AS0, AS_TRANS, the last ones).
    std::size_t poisoned = 0;   ///< Left out: two of the clique with another between them.
};

struct InferredRelationships {
    std::vector<AsLink> links;      ///< Of every pair of neighbours that was seen, and all known ones, by number.
    std::vector<net::Asn> clique;   ///< Those at the top, that buy from nobody, by transit degree.
    std::size_t inferred = 0;       ///< Links that were not known.
    InferenceReport report;
};

/// What ASes are to each other by observed ways, the collector's side first (Luckie, Huffaker, Dhamdhere, Giotsas, claffy: "AS relationships, customer cones, and
/// validation", IMC 2013, section 4): a clique at the top; from there down, who is announced to a provider or to a peer is a customer; vantage points that tell few
/// ASes tell their customers (step 6); stubs are customers of the clique; nobody below it is without a provider (cf. step 8); the rest are peers.
///
/// Where there are fewer than ten full views no clique shows. Then the top is who is hardly ever met below others and has many neighbours, and the small are customers of the far larger.
///
/// `known` links are taken as they are, and as evidence for the others; `clique`, where not empty, instead of one that is found. How far
/// it can be trusted: docs/results/as-graph.md.
[[nodiscard]] InferredRelationships infer_relationships(std::span<const std::vector<net::Asn>> paths, std::span<const AsLink> known = {}, std::span<const net::Asn> clique = {});

}  // namespace hw::route
