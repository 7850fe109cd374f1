#include "route/way_tree.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace hw::route {
namespace {
namespace way_tree_detail {

struct Branch {
    std::map<net::Asn, std::size_t> children;
    double share = 0;
    double ends = 0;
};

/// A prefix counts by its addresses, one of IPv6 as one.
double weight_of(const net::Prefix& prefix) { return prefix.is_v4() ? std::ldexp(1.0, 32 - static_cast<int>(prefix.length())) : 1; }

}  // namespace way_tree_detail
}  // namespace

WayTree way_tree(const Rib& rib, std::span<const Rib::PrefixId> scope, std::span<const net::Asn> own, WayTreeOptions options) {
    using namespace way_tree_detail;
    const std::set<net::Asn> own_ases(own.begin(), own.end());
    std::map<net::Asn, double> told;  // weight by peer AS
    for (const auto id : scope) {
        for (const auto& route : rib.routes(id)) {
            if (!rib.paths().has_set(route.path)) { told[rib.peers()[route.peer].asn] += weight_of(rib.prefix(id)); }
        }
    }
    std::vector<Branch> nodes(1);
    for (const auto id : scope) {
        for (const auto& route : rib.routes(id)) {
            if (rib.paths().has_set(route.path)) { continue; }
            const auto path = rib.paths().asns(route.path);
            const double part = weight_of(rib.prefix(id)) / told[rib.peers()[route.peer].asn] / static_cast<double>(told.size());
            std::size_t at = 0;
            nodes[at].share += part;
            for (std::size_t i = path.size(); i-- > 0;) {
                if (at == 0 && own_ases.contains(path[i])) { continue; }
                const auto [child, fresh] = nodes[at].children.try_emplace(path[i], nodes.size());
                at = child->second;
                if (fresh) { nodes.emplace_back(); }
                nodes[at].share += part;
            }
            nodes[at].ends += part;
        }
    }
    WayTree out;
    out.peer_ases = told.size();
    // The greatest first, as long as there is room; a place is never greater than its parent.
    struct Waiting {
        double share;
        net::Asn asn;
        std::size_t node;
        std::size_t parent;
        std::size_t depth;
    };
    std::vector<bool> keep(nodes.size(), false);
    std::vector<Waiting> queue{{nodes[0].share, net::Asn(), 0, 0, 0}};
    const auto later = [](const Waiting& a, const Waiting& b) { return a.share != b.share ? a.share < b.share : a.asn > b.asn; };
    for (std::size_t n = 0; n < options.most && !queue.empty(); ++n) {
        std::ranges::pop_heap(queue, later);
        const Waiting next = queue.back();
        queue.pop_back();
        keep[next.node] = true;
        for (const auto& [asn, child] : nodes[next.node].children) {
            if (nodes[child].share < options.least) { continue; }
            queue.push_back({nodes[child].share, asn, child, next.node, next.depth + 1});
            std::ranges::push_heap(queue, later);
        }
    }
    // In the order of drawing: depth first, the greatest child first.
    std::vector<Waiting> stack{{nodes[0].share, net::Asn(), 0, 0, 0}};
    while (!stack.empty()) {
        const Waiting at = stack.back();
        stack.pop_back();
        const std::size_t place = out.places.size();
        out.places.push_back({.asn = at.asn, .parent = at.parent, .share = at.share, .ends = nodes[at.node].ends, .depth = at.depth});
        std::vector<Waiting> children;
        for (const auto& [asn, child] : nodes[at.node].children) {
            if (keep[child]) { children.push_back({nodes[child].share, asn, child, place, at.depth + 1}); }
        }
        std::ranges::sort(children, later);  // the last is taken first
        stack.insert(stack.end(), children.begin(), children.end());
    }
    return out;
}

}  // namespace hw::route
