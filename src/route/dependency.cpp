#include "route/dependency.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace hw::route {
namespace {
namespace dependency_detail {

bool by_address(const net::Prefix& a, const net::Prefix& b) {
    return std::tuple(!a.is_v4(), a.address(), a.length()) < std::tuple(!b.is_v4(), b.address(), b.length());
}

/// The prefixes that somebody tells of, by address: those inside another follow it.
std::vector<Rib::PrefixId> sorted(const Rib& rib) {
    std::vector<Rib::PrefixId> ids;
    ids.reserve(rib.prefixes());
    for (Rib::PrefixId id = 0; id < rib.prefixes(); ++id) {
        if (!rib.routes(id).empty()) { ids.push_back(id); }
    }
    std::ranges::sort(ids, [&](Rib::PrefixId a, Rib::PrefixId b) { return by_address(rib.prefix(a), rib.prefix(b)); });
    return ids;
}

std::set<net::Asn> announcers(const Rib& rib, Rib::PrefixId id) {
    std::set<net::Asn> found;
    for (const auto& [asn, peers] : rib.origins(id)) { found.insert(asn); }
    return found;
}

/// What a prefix counts: see `dependencies_of`.
double weight_of(const Rib& rib, std::span<const Rib::PrefixId> all, Rib::PrefixId id) {
    const net::Prefix& prefix = rib.prefix(id);
    if (!prefix.is_v4()) { return 1; }
    const auto addresses = [](const net::Prefix& p) { return std::ldexp(1.0, 32 - static_cast<int>(p.length())); };
    double weight = addresses(prefix);
    const auto own = announcers(rib, id);
    auto at = std::ranges::lower_bound(all, prefix, by_address, [&](Rib::PrefixId i) -> const net::Prefix& { return rib.prefix(i); });
    std::optional<net::Prefix> taken;  // the last that was subtracted: what lies in it is gone already
    for (; at != all.end() && prefix.contains(rib.prefix(*at)); ++at) {
        const net::Prefix& inside = rib.prefix(*at);
        if (*at == id || (taken && taken->contains(inside))) { continue; }
        const auto others = announcers(rib, *at);
        if (others.empty() || std::ranges::any_of(others, [&](net::Asn a) { return own.contains(a); })) { continue; }
        weight -= addresses(inside);
        taken = inside;
    }
    return weight;
}

/// Shares by peer AS, each the mean of its peers'.
using Shares = std::map<net::Asn, std::map<net::Asn, double>>;

std::vector<Dependency> hegemonies(const Shares& shares) {
    std::map<net::Asn, std::vector<double>> values;
    for (const auto& [peer, of_peer] : shares) {
        for (const auto& [asn, share] : of_peer) { values[asn].push_back(share); }
    }
    const std::size_t n = shares.size();
    const std::size_t cut = n / 10;
    std::vector<Dependency> out;
    for (auto& [asn, told] : values) {
        const std::size_t told_by = told.size();
        told.resize(n, 0);
        std::ranges::sort(told);
        double sum = 0;
        for (std::size_t i = cut; i < n - cut; ++i) { sum += told[i]; }
        out.push_back({.asn = asn, .hegemony = sum / static_cast<double>(n - 2 * cut), .told_by = told_by});
    }
    std::ranges::sort(out, [](const Dependency& a, const Dependency& b) { return std::tie(b.hegemony, a.asn) < std::tie(a.hegemony, b.asn); });
    return out;
}

/// What one peer's ways lead through.
struct OfPeer {
    double all = 0;
    std::map<net::Asn, double> transit;
    std::map<net::Asn, double> upstreams;
};

Shares by_peer_as(const Rib& rib, const std::map<Rib::PeerId, OfPeer>& peers, std::map<net::Asn, double> OfPeer::* which) {
    std::map<net::Asn, std::size_t> of_as;
    for (const auto& [id, of] : peers) { ++of_as[rib.peers()[id].asn]; }
    Shares shares;
    for (const auto& [id, of] : peers) {
        const net::Asn peer = rib.peers()[id].asn;
        auto& to = shares[peer];
        for (const auto& [asn, weight] : of.*which) { to[asn] += weight / of.all / static_cast<double>(of_as[peer]); }
    }
    return shares;
}

}  // namespace dependency_detail
}  // namespace

Dependencies dependencies_of(const Rib& rib, std::span<const Rib::PrefixId> scope, std::span<const net::Asn> own, DependencyOptions options) {
    using namespace dependency_detail;
    const auto all = sorted(rib);
    std::set<net::Asn> own_ases(own.begin(), own.end());
    if (own.empty()) {
        for (const Rib::PrefixId id : scope) { own_ases.merge(announcers(rib, id)); }
    }
    Dependencies out;
    std::map<Rib::PeerId, OfPeer> peers;
    for (const Rib::PrefixId id : scope) {
        const double weight = weight_of(rib, all, id);
        bool told = false;
        for (const Rib::Route& route : rib.routes(id)) {
            const auto path = rib.paths().asns(route.path);
            if (rib.paths().has_set(route.path)) {
                ++out.sets;
                continue;
            }
            if (path.empty() || !(options.any_origin || own_ases.contains(path.back()))) { continue; }
            told = true;
            if (weight <= 0) { continue; }  // all of it is announced by others, piece by piece
            OfPeer& of = peers[route.peer];
            of.all += weight;
            std::optional<net::Asn> upstream;
            const std::set<net::Asn> on_path(path.begin(), path.end());
            for (const net::Asn asn : on_path) {
                const bool own_counts = options.own_on_the_way && asn != path.back();
                if (!own_ases.contains(asn) || own_counts) { of.transit[asn] += weight; }
            }
            for (std::size_t i = path.size(); i-- > 0 && !upstream;) {
                if (!own_ases.contains(path[i])) { upstream = path[i]; }
            }
            if (upstream) { of.upstreams[*upstream] += weight; }
        }
        out.prefixes += told ? 1 : 0;
    }
    const Shares transit = by_peer_as(rib, peers, &OfPeer::transit);
    out.peer_ases = transit.size();
    if (out.peer_ases == 0) { return out; }
    out.transit = hegemonies(transit);
    out.upstreams = hegemonies(by_peer_as(rib, peers, &OfPeer::upstreams));
    return out;
}

std::vector<Rib::PrefixId> prefixes_of(const Rib& rib, std::span<const net::Asn> asns, const std::function<bool(const net::Prefix&)>& also) {
    const std::set<net::Asn> wanted(asns.begin(), asns.end());
    auto ids = dependency_detail::sorted(rib);
    std::erase_if(ids, [&](Rib::PrefixId id) {
        if (also && also(rib.prefix(id))) { return false; }
        return std::ranges::none_of(rib.routes(id), [&](const Rib::Route& route) {
            const auto path = rib.paths().asns(route.path);
            return !path.empty() && !rib.paths().has_set(route.path) && wanted.contains(path.back());
        });
    });
    return ids;
}

std::vector<Rib::PrefixId> prefixes_in(const Rib& rib, const net::Prefix& prefix) {
    const auto all = dependency_detail::sorted(rib);
    std::vector<Rib::PrefixId> found;
    std::optional<Rib::PrefixId> around;  // those that contain it come before it, the longest last
    for (const Rib::PrefixId id : all) {
        if (prefix.contains(rib.prefix(id))) { found.push_back(id); }
        else if (rib.prefix(id).contains(prefix)) { around = id; }
    }
    if (found.empty() && around) { found.push_back(*around); }
    return found;
}

}  // namespace hw::route
