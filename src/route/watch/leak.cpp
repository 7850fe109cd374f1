#include "route/watch/leak.hpp"

#include <algorithm>

namespace hw::route {
namespace {
namespace leak_detail {

/// Where a route goes with a step from one AS to the next.
enum class Step : std::uint8_t { unknown, up, across, down };

Step step(const AsGraph& graph, net::Asn from, net::Asn to) {
    const auto a = graph.find(from), b = graph.find(to);
    if (!a || !b) { return Step::unknown; }
    const auto has = [](std::span<const Node> nodes, Node node) { return std::ranges::find(nodes, node) != nodes.end(); };
    if (has(graph.providers(*a), *b)) { return Step::up; }
    if (has(graph.providers(*b), *a)) { return Step::down; }  // a customer's list of providers is the short one
    return has(graph.peers(*a), *b) ? Step::across : Step::unknown;
}

}  // namespace leak_detail
}  // namespace

std::optional<Leak> find_leak(const AsGraph& graph, std::span<const net::Asn> path, std::optional<net::Asn> only_to_customer) {
    using namespace leak_detail;
    if (path.size() < 3) { return std::nullopt; }
    Step before = step(graph, path[path.size() - 1], path[path.size() - 2]);
    for (std::size_t i = path.size() - 2; i > 0; --i) {
        // What an AS marked may not go up or across any more behind it; by which of the two ways it came matters to the type alone.
        if (only_to_customer == path[i + 1] && before != Step::across) { before = Step::down; }
        const Step next = step(graph, path[i], path[i - 1]);
        const bool came_down = before == Step::down, came_across = before == Step::across;
        if ((came_down || came_across) && (next == Step::up || next == Step::across)) {
            const unsigned type = came_down ? (next == Step::up ? 1 : 3) : (next == Step::across ? 2 : 4);
            return Leak{.from = path[i + 1], .leaker = path[i], .to = path[i - 1], .type = type};
        }
        before = next;
    }
    return std::nullopt;
}

}  // namespace hw::route
