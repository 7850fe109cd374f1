#include "weigh/citations.hpp"

#include "base/sorted.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace hw::weigh {
namespace {
namespace citing {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

/// Items and unseen sources as numbers, and whom each cites.
struct Graph {
    std::vector<std::string> names;
    std::vector<std::vector<std::size_t>> cites;
    std::vector<bool> own;  ///< By item: a part of its basis is withheld, so that it is a claim of its own.
    std::size_t items = 0;
};

Graph graph_of(const std::vector<Item>& items, Citations& told) {
    Graph graph{.names = {}, .cites = std::vector<std::vector<std::size_t>>(items.size()), .own = std::vector<bool>(items.size()), .items = items.size()};
    std::map<std::string, std::size_t, std::less<>> numbers;
    graph.names.reserve(items.size());
    for (const Item& item : items) {
        numbers.emplace(item.id, graph.names.size());
        graph.names.push_back(item.id);
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (const std::string& cited : items[i].cites) {
            const auto [at, fresh] = numbers.emplace(cited, graph.names.size());
            if (fresh) {
                graph.names.push_back(cited);
                graph.cites.emplace_back();
                told.unseen.push_back(cited);
            }
            graph.cites[i].push_back(at->second);
        }
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (const std::string& rested : items[i].basis) {
            const auto at = numbers.find(rested);
            if (at != numbers.end() && at->second < items.size()) { graph.cites[i].push_back(at->second); continue; }
            graph.own[i] = true;
            told.unseen.push_back(rested);
        }
    }
    sort_once(told.unseen);
    return graph;
}

/// Tarjan's strongly connected components (SIAM J. Comput. 1, 1972), without recursion: a chain of citations may be long. Components are
/// numbered so that each cites only lower ones.
class Components {
public:
    explicit Components(const Graph& graph) : graph_(graph), of_(graph.names.size(), kNowhere), index_(graph.names.size(), kNowhere), low_(graph.names.size(), 0), open_(graph.names.size(), false) {
        for (std::size_t node = 0; node < graph.names.size(); ++node) {
            if (index_[node] == kNowhere) { visit(node); }
        }
    }

    [[nodiscard]] std::size_t of(std::size_t node) const { return of_[node]; }
    [[nodiscard]] const std::vector<std::vector<std::size_t>>& members() const { return members_; }

private:
    struct Step {
        std::size_t node;
        std::size_t next;
    };

    void enter(std::size_t node) {
        index_[node] = low_[node] = count_++;
        stack_.push_back(node);
        open_[node] = true;
        steps_.push_back({node, 0});
    }

    void visit(std::size_t start) {
        enter(start);
        while (!steps_.empty()) {
            Step& step = steps_.back();
            const std::size_t node = step.node;
            if (step.next < graph_.cites[node].size()) {
                const std::size_t other = graph_.cites[node][step.next++];
                if (index_[other] == kNowhere) { enter(other); }
                else if (open_[other]) { low_[node] = std::min(low_[node], index_[other]); }
                continue;
            }
            steps_.pop_back();
            if (!steps_.empty()) { low_[steps_.back().node] = std::min(low_[steps_.back().node], low_[node]); }
            if (low_[node] == index_[node]) { close(node); }
        }
    }

    void close(std::size_t node) {
        members_.emplace_back();
        while (true) {
            const std::size_t member = stack_.back();
            stack_.pop_back();
            open_[member] = false;
            of_[member] = members_.size() - 1;
            members_.back().push_back(member);
            if (member == node) { return; }
        }
    }

    const Graph& graph_;
    std::vector<std::size_t> of_, index_, low_;
    std::vector<bool> open_;
    std::vector<std::vector<std::size_t>> members_;
    std::vector<std::size_t> stack_;
    std::vector<Step> steps_;
    std::size_t count_ = 0;
};

}  // namespace citing
}  // namespace

Citations follow_citations(const std::vector<Item>& items) {
    using namespace citing;
    Citations told;
    const Graph graph = graph_of(items, told);
    const Components components(graph);
    const auto& members = components.members();

    std::vector<std::set<std::string>> roots(members.size());
    std::vector<std::set<std::string>> origins(members.size());
    for (std::size_t c = 0; c < members.size(); ++c) {
        std::vector<std::string> names;
        names.reserve(members[c].size());
        bool cites_others = false;
        for (const std::size_t node : members[c]) {
            names.push_back(graph.names[node]);
            for (const std::size_t cited : graph.cites[node]) {
                const std::size_t other = components.of(cited);
                if (other == c) { continue; }
                cites_others = true;
                roots[c].insert(roots[other].begin(), roots[other].end());
                origins[c].insert(origins[other].begin(), origins[other].end());
            }
        }
        std::ranges::sort(names);
        if (names.size() > 1) { told.rings.push_back(names); }
        const bool own = std::ranges::any_of(members[c], [&](std::size_t node) { return node < graph.items && graph.own[node]; });
        if (cites_others && !own) { continue; }
        roots[c].insert(names.front());
        for (const std::size_t node : members[c]) {
            const bool here = node < graph.items && !items[node].who.empty();
            origins[c].insert(here ? items[node].who : graph.names[node]);
        }
    }
    std::ranges::sort(told.rings);
    told.roots.reserve(items.size());
    told.origins.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::size_t c = components.of(i);
        told.roots.emplace_back(roots[c].begin(), roots[c].end());
        told.origins.emplace_back(origins[c].begin(), origins[c].end());
    }
    return told;
}

}  // namespace hw::weigh
