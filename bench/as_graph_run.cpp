// as_graph_run [--relationships FILE] [--paths FILE] [--seed N]: what the AS graph costs and says, as Markdown. FILE of relationships is serial-1 text; without one a graph is made
// from the seed. FILE of paths has one observed AS path a line, the collector's side first.
#include "as_graph_synthetic.hpp"

#include "route/graph/choke_points.hpp"
#include "route/graph/vertex_cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>

namespace {

using namespace hw;
using namespace hw::route;

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string text_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        fmt::print(stderr, "as_graph_run: cannot read {}\n", path);
        std::exit(3);
    }
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The three phases as they are usually first written: lists of neighbours a node, buckets by length, fresh vectors each time.
class PlainTree {
public:
    explicit PlainTree(const AsGraph& graph) : up_(graph.size()), down_(graph.size()), across_(graph.size()) {
        for (Node n = 0; n < graph.size(); ++n) {
            up_[n].assign(graph.providers(n).begin(), graph.providers(n).end());
            down_[n].assign(graph.customers(n).begin(), graph.customers(n).end());
            across_[n].assign(graph.peers(n).begin(), graph.peers(n).end());
        }
    }
    [[nodiscard]] std::vector<int> lengths(Node to) const {
        std::vector<int> length(up_.size(), -1);
        std::vector<Node> next(up_.size(), kNoNode);
        std::vector<Node> frontier{to};
        std::vector<Node> reached;
        length[to] = 0;
        for (int step = 1; !frontier.empty(); ++step) {
            std::vector<Node> beyond;
            for (const Node at : frontier) {
                reached.push_back(at);
                for (const Node p : up_[at]) {
                    if (length[p] >= 0) { continue; }
                    length[p] = step;
                    next[p] = at;
                    beyond.push_back(p);
                }
            }
            frontier = std::move(beyond);
        }
        std::vector<int> by_peer(up_.size(), -1);
        for (const Node at : reached) {
            for (const Node w : across_[at]) {
                if (length[w] >= 0 || (by_peer[w] >= 0 && by_peer[w] <= length[at] + 1)) { continue; }
                by_peer[w] = length[at] + 1;
                next[w] = at;
            }
        }
        std::vector<std::vector<Node>> buckets;
        const auto put = [&](Node n) {
            const auto at = static_cast<std::size_t>(length[n]);
            if (buckets.size() <= at) { buckets.resize(at + 1); }
            buckets[at].push_back(n);
        };
        for (Node n = 0; n < up_.size(); ++n) {
            if (length[n] < 0 && by_peer[n] >= 0) { length[n] = by_peer[n]; }
            if (length[n] >= 0) { put(n); }
        }
        for (std::size_t step = 0; step < buckets.size(); ++step) {
            for (std::size_t i = 0; i < buckets[step].size(); ++i) {
                const Node at = buckets[step][i];
                for (const Node c : down_[at]) {
                    if (length[c] >= 0) { continue; }
                    length[c] = length[at] + 1;
                    next[c] = at;
                    put(c);
                }
            }
        }
        return length;
    }

private:
    std::vector<std::vector<Node>> up_;
    std::vector<std::vector<Node>> down_;
    std::vector<std::vector<Node>> across_;
};

std::string spread(std::vector<double> each) {
    std::ranges::sort(each);
    return fmt::format("{:.3f} ({:.3f} to {:.3f})", each[each.size() / 2], each[each.size() / 20], each[each.size() - 1 - each.size() / 20]);
}

void trees(const AsGraph& graph) {
    std::mt19937_64 random(1);
    std::vector<Node> some(400);
    for (Node& n : some) { n = static_cast<Node>(random() % graph.size()); }
    RoutingTree tree(graph);
    const PlainTree plain(graph);
    std::vector<double> fast_ms;
    std::vector<double> plain_ms;
    double links = 0;
    double routes = 0;
    std::size_t differ = 0;
    for (const Node to : some) {
        double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        tree.compute(to);
        fast_ms.push_back((seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) * 1e3);
        began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        const auto length = plain.lengths(to);
        plain_ms.push_back((seconds_of(CLOCK_THREAD_CPUTIME_ID) - began) * 1e3);
        for (Node n = 0; n < graph.size(); ++n) {
            differ += tree.reached(n) != (length[n] >= 0) || (tree.reached(n) && static_cast<int>(tree.length(n)) != length[n]) ? 1U : 0U;
            if (!tree.reached(n)) { continue; }
            links += tree.length(n);
            ++routes;
        }
    }
    std::vector<Node> all(graph.size());
    std::iota(all.begin(), all.end(), Node{0});
    std::atomic<std::uint64_t> reached = 0;
    const double wall = seconds_of(CLOCK_MONOTONIC);
    const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for_each_tree(graph, all, {}, [&](std::size_t, const RoutingTree& t) { reached += t.reached(0) ? 1 : 0; });
    const double all_wall = seconds_of(CLOCK_MONOTONIC) - wall;
    const double all_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    fmt::print("\n## Routing trees\n\n| what | figure |\n|---|---|\n");
    fmt::print("| a destination, CPU ms: median (5 % to 95 %) of {} | {} |\n", some.size(), spread(fast_ms));
    fmt::print("| the same by plain three phases, CPU ms | {} |\n", spread(plain_ms));
    fmt::print("| routes that differ in length between the two | {} |\n", differ);
    fmt::print("| mean length, links | {:.2f} |\n", links / routes);
    fmt::print("| all {} destinations | {:.1f} s, {:.1f} s CPU |\n", all.size(), all_wall, all_cpu);
}

void chokes(const AsGraph& graph, std::span<const std::uint32_t> wanted) {
    fmt::print("\n## Choke points\n\n| destination | AS: share cut off (share on path) | smallest cut | ms |\n|---|---|---|---|\n");
    for (const std::uint32_t number : wanted) {
        const auto to = graph.find(net::Asn(number));
        if (!to) { continue; }
        const double began = seconds_of(CLOCK_MONOTONIC);
        const ChokeReport report = choke_points(graph, std::span(&*to, 1), {.most = 16});
        const double first = seconds_of(CLOCK_MONOTONIC);
        const VertexCut cut = smallest_cut(graph, std::span(&*to, 1));
        const double end = seconds_of(CLOCK_MONOTONIC);
        std::string points;
        for (std::size_t i = 0; i < report.points.size() && i < 4; ++i) {
            const ChokePoint& p = report.points[i];
            fmt::format_to(std::back_inserter(points), "{}AS{}: {:.3f} ({:.3f})", i == 0 ? "" : ", ", graph.asn(p.node).number(), p.cut_off, p.on_path);
        }
        std::string set = cut.found ? "" : fmt::format("at least {}", cut.at_least);
        for (const Node n : cut.nodes) { fmt::format_to(std::back_inserter(set), "AS{} ", graph.asn(n).number()); }
        fmt::print("| AS{} | {} | {} | {:.1f}, {:.1f} |\n", number, points, set, (first - began) * 1e3, (end - first) * 1e3);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string relationships_file;
    std::string paths_file;
    std::uint64_t seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--relationships") { relationships_file = argv[i + 1]; }
        if (option == "--paths") { paths_file = argv[i + 1]; }
        if (option == "--seed") { seed = std::stoull(argv[i + 1]); }
    }
    const Relationships relationships =
        relationships_file.empty() ? bench::synthetic_relationships(seed) : parse_relationships(text_of(relationships_file)).value();
    const double began = seconds_of(CLOCK_MONOTONIC);
    const AsGraph graph = AsGraph::build(relationships.links);
    fmt::print("{} ASes, {} links, {} left out as closing a cycle; built in {:.0f} ms\n", graph.size(), graph.links(), graph.cyclic().size(), (seconds_of(CLOCK_MONOTONIC) - began) * 1e3);
    trees(graph);
    if (relationships_file.empty()) {
        chokes(graph, std::vector<std::uint32_t>{1, 100, 5'000, 20'000, 49'000});
    } else {
        chokes(graph, std::vector<std::uint32_t>{131'279, 29'256, 45'595, 58'224, 15'169});
    }
    return 0;
}
