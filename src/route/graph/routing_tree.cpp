#include "route/graph/routing_tree.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>

namespace hw::route {

RoutingTree::RoutingTree(const AsGraph& graph)
    : graph_(&graph), class_(graph.size(), kNone), length_(graph.size(), kFar), next_(graph.size(), kNoNode), queue_(graph.size()) {}

/// Takes a route of the class that a search in the order of lengths is about; true where it is the node's first.
inline void RoutingTree::offer(Node to, Node via, std::uint8_t route_class, std::uint16_t length) {
    if (class_[to] == kNone) {
        class_[to] = route_class;
        length_[to] = length;
        next_[to] = via;
        queue_[queued_++] = to;
    } else if (class_[to] == route_class && length_[to] == length && graph_->asn(via) < graph_->asn(next_[to])) {
        next_[to] = via;
    }
}

void RoutingTree::compute(std::span<const Node> destinations, NodeMask removed) {
    const AsGraph& graph = *graph_;
    const auto nodes = static_cast<Node>(graph.size());
    std::ranges::fill(class_, kNone);
    std::ranges::fill(length_, kFar);
    std::ranges::fill(next_, kNoNode);
    if (!removed.empty()) {
        for (Node n = 0; n < nodes; ++n) { class_[n] = removed[n] != 0 ? kRemoved : kNone; }
    }
    queued_ = 0;
    constexpr auto kOrigin = static_cast<std::uint8_t>(RouteClass::origin);
    constexpr auto kCustomer = static_cast<std::uint8_t>(RouteClass::customer);
    constexpr auto kPeer = static_cast<std::uint8_t>(RouteClass::peer);
    constexpr auto kProvider = static_cast<std::uint8_t>(RouteClass::provider);
    for (const Node destination : destinations) {
        if (class_[destination] != kNone) { continue; }
        class_[destination] = kOrigin;
        length_[destination] = 0;
        queue_[queued_++] = destination;
    }
    for (std::size_t i = 0; i < queued_; ++i) {
        const Node at = queue_[i];
        if (length_[at] >= kFar - 2) { break; }
        for (const Node provider : graph.providers(at)) { offer(provider, at, kCustomer, static_cast<std::uint16_t>(length_[at] + 1)); }
    }
    for (std::size_t i = 0, end = queued_; i < end; ++i) {
        const Node at = queue_[i];
        if (length_[at] >= kFar - 2) { break; }
        for (const Node peer : graph.peers(at)) { offer(peer, at, kPeer, static_cast<std::uint16_t>(length_[at] + 1)); }
    }
    // Every provider has a lower number than its customers: one pass settles all.
    for (Node n = 0; n < nodes; ++n) {
        if (class_[n] != kNone) { continue; }
        std::uint16_t best = kFar - 2;
        Node via = kNoNode;
        for (const Node provider : graph.providers(n)) {
            if (length_[provider] < best) {
                best = length_[provider];
                via = provider;
            }
        }
        if (via == kNoNode) { continue; }
        class_[n] = kProvider;
        length_[n] = static_cast<std::uint16_t>(best + 1);
        next_[n] = via;
    }
}

std::size_t RoutingTree::reached_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(class_, [](std::uint8_t c) { return c < kNone; }));
}

void RoutingTree::next_hops(Node node, std::vector<Node>& out) const {
    out.clear();
    const auto take = [&](std::span<const Node> neighbours, RouteClass worst) {
        for (const Node n : neighbours) {
            if (class_[n] <= static_cast<std::uint8_t>(worst) && length_[n] + 1U == length_[node]) { out.push_back(n); }
        }
    };
    switch (route_class(node)) {
        case RouteClass::customer: return take(graph_->customers(node), RouteClass::customer);
        case RouteClass::peer: return take(graph_->peers(node), RouteClass::customer);
        case RouteClass::provider: return take(graph_->providers(node), RouteClass::provider);
        case RouteClass::origin:
        case RouteClass::none: return;
    }
}

std::vector<Node> RoutingTree::path(Node node) const {
    std::vector<Node> out;
    if (!reached(node)) { return out; }
    out.reserve(length_[node] + 1U);
    for (Node at = node; at != kNoNode; at = next_[at]) { out.push_back(at); }
    return out;
}

std::vector<double> RoutingTree::carried(std::span<const double> weight) const {
    // The farthest first, so that all that comes through a node is there before it is passed on.
    std::vector<Node> order;
    order.reserve(class_.size());
    for (Node n = 0; n < class_.size(); ++n) {
        if (reached(n)) { order.push_back(n); }
    }
    std::ranges::stable_sort(order, std::greater{}, [&](Node n) { return length_[n]; });
    std::vector<double> out(class_.size());
    std::vector<Node> hops;
    for (const Node n : order) {
        out[n] += weight[n];
        if (out[n] == 0) { continue; }
        next_hops(n, hops);
        for (const Node hop : hops) { out[hop] += out[n] / static_cast<double>(hops.size()); }
    }
    return out;
}

void for_each_tree(const AsGraph& graph, std::span<const Node> destinations, NodeMask removed, const std::function<void(std::size_t, const RoutingTree&)>& use) {
    tbb::enumerable_thread_specific<RoutingTree> trees([&] { return RoutingTree(graph); });
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, destinations.size()), [&](const tbb::blocked_range<std::size_t>& range) {
        RoutingTree& tree = trees.local();
        for (std::size_t i = range.begin(); i != range.end(); ++i) {
            tree.compute(destinations[i], removed);
            use(i, tree);
        }
    });
}

}  // namespace hw::route
