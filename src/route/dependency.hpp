#pragma once

#include "net/asn.hpp"
#include "route/rib.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace hw::route {

/// How much of the ways to somebody's networks leads through an AS.
struct Dependency {
    net::Asn asn;
    double hegemony = 0;       ///< 0 to 1: see `dependencies_of`.
    std::size_t told_by = 0;   ///< ASes of peers that have it on a way.
    friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// What the ways to a set of prefixes depend on.
struct Dependencies {
    std::vector<Dependency> transit;    ///< ASes on the way, without the scope's own; the greatest first, equal ones by number.
    std::vector<Dependency> upstreams;  ///< Those next to the scope's own ASes, with the share of the ways that comes in by each.
    std::size_t peer_ases = 0;          ///< ASes of peers that told of a way.
    std::size_t prefixes = 0;           ///< Of the scope, that somebody told of.
    std::size_t sets = 0;               ///< Routes left out because they end in a set: nobody in particular announced them.
};

struct DependencyOptions {
    /// Routes count whoever announces them: of addresses that are the scope's on paper and somebody else's in fact. That somebody is then on the way.
    bool any_origin = false;
    /// The scope's own ASes count too where they are on the way to another of them.
    bool own_on_the_way = false;
};

/// AS hegemony of every AS on the ways to the prefixes `scope` as far as `own` ASes announce them (Fontugne, Shah, Aben, "The (thin) bridges of AS connectivity:
/// measuring dependency using AS hegemony", PAM 2018): for each peer the share of the scope's weight whose path has the AS on it; the mean over the
/// peers of one AS; of these the mean without the highest and lowest tenth (of n values floor(0.1 n) at each end, so that below ten none is left
/// out; an AS that is on no path of a peer has 0 there). Weight of an IPv4 prefix: its addresses less those of more-specifics that others announce; of an IPv6 prefix 1.
/// `own` empty: whoever announces them. `rib` must be settled.
[[nodiscard]] Dependencies dependencies_of(const Rib& rib, std::span<const Rib::PrefixId> scope, std::span<const net::Asn> own, DependencyOptions options = {});

/// The prefixes that one of the ASes announces by at least one peer's word, by address; and those that `also` takes, whoever announces them.
[[nodiscard]] std::vector<Rib::PrefixId> prefixes_of(const Rib& rib, std::span<const net::Asn> asns, const std::function<bool(const net::Prefix&)>& also = {});
/// The prefix and its more-specifics, as far as somebody tells of them; where nobody does the longest that contains it.
[[nodiscard]] std::vector<Rib::PrefixId> prefixes_in(const Rib& rib, const net::Prefix& prefix);

}  // namespace hw::route
