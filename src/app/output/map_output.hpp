#pragma once

#include "app/output/context.hpp"
#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "net/registry/registry.hpp"
#include "route/dependency.hpp"
#include "route/rpki/origin_validity.hpp"
#include "route/way_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::app::output {

/// What taking ASes out would do.
struct MapWithout {
    struct Gain {
        net::Asn asn;
        double before = 0;
        double after = 0;
    };
    std::vector<net::Asn> ases;
    std::vector<net::Asn> passed_over;  ///< Not in the graph, or the target's own.
    std::uint64_t pairs = 0;            ///< Of an AS and one of the target's, with a way before.
    std::uint64_t cut_off = 0;
    std::uint64_t rerouted = 0;
    double length_before = 0;
    double length_after = 0;
    std::vector<Gain> gains;
};

/// Who carries the traffic of a target, to be shown.
struct MapView {
    struct Announced {
        net::Prefix prefix;
        std::vector<std::pair<net::Asn, std::size_t>> origins;  ///< Each with the number of peers that say so, the most first.
        std::size_t peers = 0;                                  ///< That tell of the prefix.
        std::vector<route::OriginValidity> validity;            ///< Of each origin; empty: no RPKI cache was asked.
    };
    /// An AS that ways known by the relationships must cross.
    struct Choke {
        net::Asn asn;
        double on_path = 0;
        double cut_off = 0;
    };
    struct Graph {
        std::string path;          ///< Of the relationship file; empty: none was given.
        std::size_t ases = 0;
        std::size_t links = 0;
        std::size_t inferred = 0;  ///< Of them, by the tables' ways.
        std::uint64_t without_path = 0;  ///< Pairs of the target's ASes and others that the relationships leave without a way.
        bool knows_target = false;
    };
    /// The fewest ASes without which nobody reaches the target.
    struct Cut {
        std::vector<net::Asn> ases;
        bool found = false;
        std::size_t at_least = 0;  ///< No smaller set does it.
    };
    struct Way {
        std::vector<net::Asn> path;
        double probability = 0;  ///< Of ways that were told: the share of the routes.
    };
    struct WaysFrom {
        net::Asn from;
        std::optional<net::Asn> to;  ///< Of likely ways; told ones end where they end.
        bool told = false;           ///< Routers told them; else they are inferred.
        bool calibrated = false;
        std::vector<Way> ways;
        double other = 0;            ///< The chance that it is none of these.
    };
    std::string target;                 ///< As it was understood: `AS64500`, `192.0.2.0/24`.
    std::vector<net::Asn> ases;         ///< The target's own.
    std::vector<Announced> prefixes;
    route::Dependencies dependencies;                  ///< By the target's IPv4 prefixes, where it has any; else by those of IPv6.
    std::optional<route::Dependencies> dependencies_v6;  ///< Of IPv6, where it has both: addresses of the two cannot be weighed against each other.
    /// Of a country: the same with its own ASes counted where they are on the way to another of them.
    std::optional<route::Dependencies> with_domestic;
    std::optional<route::Dependencies> with_domestic_v6;
    std::vector<Choke> chokes;
    std::optional<Graph> graph;
    std::optional<Cut> cut;
    std::optional<MapWithout> without;
    std::vector<WaysFrom> ways;
    route::WayTree tree;                ///< For the picture.
    net::Registry registry;             ///< For names and countries; empty: none was given.
    std::optional<net::Whose> whose;    ///< Of an address, prefix or AS, where there is any evidence to show.
    struct Holdings {
        std::vector<net::CountryAs> ases;
        std::vector<net::CountryRange> ranges;
    };
    std::optional<Holdings> holdings;   ///< Of a country: what makes it.
    std::size_t peers = 0;              ///< Routers that told of anything.
    std::size_t table_prefixes = 0;
    std::size_t top = 0;                ///< How many of each list are shown; 0: all.
};

/// `headwater.map/1`.
[[nodiscard]] std::string map_json(const MapView& view, const Context& context, bool indented);
/// One dependency a line.
[[nodiscard]] std::string map_csv(const MapView& view);
[[nodiscard]] std::string map_table(const MapView& view, const Context& context);
/// The tree of the ways to the target with their shares, as SVG.
[[nodiscard]] std::string map_svg(const MapView& view, const Context& context);

}  // namespace hw::app::output
