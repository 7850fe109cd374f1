#include "route/graph/as_graph.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_set>

namespace hw::route {
namespace {
namespace as_graph_detail {

struct Arc {  // by place in the sorted list of AS numbers
    std::uint32_t provider = 0;
    std::uint32_t customer = 0;
    std::uint32_t link = 0;  // place in the input
};

/// Marks the links of `arcs` that close a cycle: depth first over the customers, a link back to an ancestor is one.
std::vector<bool> cycle_closers(std::size_t nodes, std::span<const Arc> arcs) {
    std::vector<std::uint32_t> begin(nodes + 1);
    for (const Arc& arc : arcs) { ++begin[arc.provider + 1]; }
    for (std::size_t i = 0; i < nodes; ++i) { begin[i + 1] += begin[i]; }
    std::vector<std::uint32_t> out(arcs.size());
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    for (std::uint32_t a = 0; a < arcs.size(); ++a) { out[next[arcs[a].provider]++] = a; }
    next.assign(begin.begin(), begin.end() - 1);
    enum : std::uint8_t { fresh, open, done };
    std::vector<std::uint8_t> state(nodes, fresh);
    std::vector<bool> closes(arcs.size());
    std::vector<std::uint32_t> stack;
    for (std::uint32_t root = 0; root < nodes; ++root) {
        if (state[root] != fresh) { continue; }
        state[root] = open;
        stack.push_back(root);
        while (!stack.empty()) {
            const std::uint32_t at = stack.back();
            if (next[at] == begin[at + 1]) {
                state[at] = done;
                stack.pop_back();
                continue;
            }
            const std::uint32_t a = out[next[at]++];
            const std::uint32_t to = arcs[a].customer;
            if (state[to] == open) { closes[a] = true; }
            if (state[to] == fresh) {
                state[to] = open;
                stack.push_back(to);
            }
        }
    }
    return closes;
}

/// The length of the longest way down from a node without providers: 0 for those themselves. The arcs have no cycle.
std::vector<std::uint32_t> depths(std::size_t nodes, std::span<const Arc> arcs) {
    std::vector<std::uint32_t> begin(nodes + 1);
    std::vector<std::uint32_t> waiting(nodes);
    for (const Arc& arc : arcs) {
        ++begin[arc.provider + 1];
        ++waiting[arc.customer];
    }
    for (std::size_t i = 0; i < nodes; ++i) { begin[i + 1] += begin[i]; }
    std::vector<std::uint32_t> out(arcs.size());
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    for (const Arc& arc : arcs) { out[next[arc.provider]++] = arc.customer; }
    std::vector<std::uint32_t> depth(nodes);
    std::vector<std::uint32_t> ready;
    ready.reserve(nodes);
    for (std::uint32_t i = 0; i < nodes; ++i) {
        if (waiting[i] == 0) { ready.push_back(i); }
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
        const std::uint32_t at = ready[i];
        for (std::uint32_t o = begin[at]; o < begin[at + 1]; ++o) {
            depth[out[o]] = std::max(depth[out[o]], depth[at] + 1);
            if (--waiting[out[o]] == 0) { ready.push_back(out[o]); }
        }
    }
    assert(ready.size() == nodes);
    return depth;
}

}  // namespace as_graph_detail
}  // namespace

AsGraph::Adjacency AsGraph::adjacency(std::size_t nodes, std::vector<std::pair<Node, Node>> arcs, std::span<const net::Asn> asns) {
    std::ranges::sort(arcs, [&](const auto& a, const auto& b) { return std::pair(a.first, asns[a.second]) < std::pair(b.first, asns[b.second]); });
    Adjacency out;
    out.begin.resize(nodes + 1);
    out.to.reserve(arcs.size());
    for (const auto& [from, to] : arcs) {
        ++out.begin[from + 1];
        out.to.push_back(to);
    }
    for (std::size_t i = 0; i < nodes; ++i) { out.begin[i + 1] += out.begin[i]; }
    return out;
}

AsGraph AsGraph::build(std::span<const AsLink> links) {
    using namespace as_graph_detail;
    AsGraph graph;
    std::vector<net::Asn> known;
    known.reserve(2 * links.size());
    for (const AsLink& link : links) {
        known.push_back(link.first);
        known.push_back(link.second);
    }
    std::ranges::sort(known);
    known.erase(std::unique(known.begin(), known.end()), known.end());
    const auto place = [&](net::Asn asn) { return static_cast<std::uint32_t>(std::ranges::lower_bound(known, asn) - known.begin()); };

    std::unordered_set<std::uint64_t> pairs;
    pairs.reserve(links.size());
    std::vector<Arc> arcs;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> peers;
    arcs.reserve(links.size());
    peers.reserve(links.size());
    for (std::uint32_t i = 0; i < links.size(); ++i) {
        const std::uint32_t a = place(links[i].first);
        const std::uint32_t b = place(links[i].second);
        if (a == b || !pairs.insert((std::uint64_t{std::min(a, b)} << 32U) | std::max(a, b)).second) { continue; }
        if (links[i].relation == Relation::peer) {
            peers.emplace_back(a, b);
        } else {
            arcs.push_back({a, b, i});
        }
    }
    const std::vector<bool> closes = cycle_closers(known.size(), arcs);
    std::vector<Arc> kept;
    kept.reserve(arcs.size());
    for (std::size_t a = 0; a < arcs.size(); ++a) {
        if (closes[a]) {
            graph.cyclic_.push_back(links[arcs[a].link]);
        } else {
            kept.push_back(arcs[a]);
        }
    }

    // Providers first; among equals those with many customers first, as they are looked at most.
    const std::vector<std::uint32_t> depth = depths(known.size(), kept);
    std::vector<std::uint32_t> customers(known.size());
    for (const Arc& arc : kept) { ++customers[arc.provider]; }
    std::vector<std::uint32_t> order(known.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) { order[i] = i; }
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        if (depth[a] != depth[b]) { return depth[a] < depth[b]; }
        return customers[a] != customers[b] ? customers[a] > customers[b] : a < b;
    });
    std::vector<Node> node(known.size());
    graph.asns_.reserve(order.size());
    for (Node n = 0; n < order.size(); ++n) {
        node[order[n]] = n;
        graph.asns_.push_back(known[order[n]]);
    }
    graph.by_asn_.reserve(known.size());
    for (std::uint32_t i = 0; i < known.size(); ++i) { graph.by_asn_.emplace_back(known[i], node[i]); }

    std::vector<std::pair<Node, Node>> up;
    std::vector<std::pair<Node, Node>> down;
    std::vector<std::pair<Node, Node>> across;
    up.reserve(kept.size());
    down.reserve(kept.size());
    across.reserve(2 * peers.size());
    for (const Arc& arc : kept) {
        up.emplace_back(node[arc.customer], node[arc.provider]);
        down.emplace_back(node[arc.provider], node[arc.customer]);
    }
    for (const auto& [a, b] : peers) {
        across.emplace_back(node[a], node[b]);
        across.emplace_back(node[b], node[a]);
    }
    graph.providers_ = adjacency(known.size(), std::move(up), graph.asns_);
    graph.customers_ = adjacency(known.size(), std::move(down), graph.asns_);
    graph.peers_ = adjacency(known.size(), std::move(across), graph.asns_);
    return graph;
}

std::optional<Node> AsGraph::find(net::Asn asn) const {
    const auto found = std::ranges::lower_bound(by_asn_, asn, {}, &std::pair<net::Asn, Node>::first);
    if (found == by_asn_.end() || found->first != asn) { return std::nullopt; }
    return found->second;
}

std::vector<std::uint32_t> customer_cone_sizes(const AsGraph& graph) {
    std::vector<std::uint32_t> sizes(graph.size(), 1);
    std::vector<Node> stamp(graph.size(), kNoNode);
    std::vector<Node> stack;
    for (Node root = 0; root < graph.size(); ++root) {
        if (graph.customers(root).empty()) { continue; }
        stamp[root] = root;
        stack.assign(1, root);
        std::uint32_t size = 0;
        while (!stack.empty()) {
            const Node at = stack.back();
            stack.pop_back();
            ++size;
            for (const Node customer : graph.customers(at)) {
                if (stamp[customer] == root) { continue; }
                stamp[customer] = root;
                stack.push_back(customer);
            }
        }
        sizes[root] = size;
    }
    return sizes;
}

std::vector<Node> customer_cone(const AsGraph& graph, Node node) {
    std::vector<bool> seen(graph.size());
    std::vector<Node> cone{node};
    seen[node] = true;
    for (std::size_t i = 0; i < cone.size(); ++i) {
        for (const Node customer : graph.customers(cone[i])) {
            if (seen[customer]) { continue; }
            seen[customer] = true;
            cone.push_back(customer);
        }
    }
    std::ranges::sort(cone);
    return cone;
}

}  // namespace hw::route
