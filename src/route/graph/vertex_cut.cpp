#include "route/graph/vertex_cut.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace hw::route {
namespace {
namespace vertex_cut_detail {

constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max() / 2;

/// A flow network, filled by shortest augmenting paths (Edmonds and Karp 1972) up to a bound.
class Flow {
public:
    explicit Flow(std::size_t places) : head_(places, kEnd) {}
    void arc(std::uint32_t from, std::uint32_t to, std::uint32_t room) {
        add(from, to, room);
        add(to, from, 0);
    }
    /// The largest flow, or `bound` if that is less.
    std::uint32_t fill(std::uint32_t from, std::uint32_t to, std::uint32_t bound) {
        std::uint32_t total = 0;
        while (total < bound && search(from, to)) {
            std::uint32_t room = bound - total;
            for (std::uint32_t at = to; at != from; at = arcs_[by_[at] ^ 1U].to) { room = std::min(room, arcs_[by_[at]].room); }
            for (std::uint32_t at = to; at != from; at = arcs_[by_[at] ^ 1U].to) {
                arcs_[by_[at]].room -= room;
                arcs_[by_[at] ^ 1U].room += room;
            }
            total += room;
        }
        return total;
    }
    /// After a `fill` that found no further path: whether `place` is on the side of the start.
    [[nodiscard]] bool near_side(std::uint32_t place) const { return by_[place] != kEnd; }

private:
    static constexpr std::uint32_t kEnd = 0xffff'ffff;
    struct Arc {
        std::uint32_t to = 0;
        std::uint32_t room = 0;
        std::uint32_t next = kEnd;
    };
    void add(std::uint32_t from, std::uint32_t to, std::uint32_t room) {
        arcs_.push_back({to, room, head_[from]});
        head_[from] = static_cast<std::uint32_t>(arcs_.size() - 1);
    }
    bool search(std::uint32_t from, std::uint32_t to) {
        by_.assign(head_.size(), kEnd);
        by_[from] = kEnd - 1;
        queue_.assign(1, from);
        for (std::size_t i = 0; i < queue_.size(); ++i) {
            for (std::uint32_t a = head_[queue_[i]]; a != kEnd; a = arcs_[a].next) {
                const Arc& arc = arcs_[a];
                if (arc.room == 0 || by_[arc.to] != kEnd) { continue; }
                by_[arc.to] = a;
                if (arc.to == to) { return true; }
                queue_.push_back(arc.to);
            }
        }
        return false;
    }
    std::vector<std::uint32_t> head_;
    std::vector<Arc> arcs_;
    std::vector<std::uint32_t> by_;
    std::vector<std::uint32_t> queue_;
};

class Search {
public:
    Search(const AsGraph& graph, std::span<const Node> destinations, const CutOptions& options)
        : graph_(graph), destinations_(destinations), tree_(graph), fixed_(graph.size()), source_(graph.size()), removed_(graph.size()), trees_left_(options.trees) {
        for (const Node n : options.unremovable) { fixed_[n] = 1; }
        if (options.sources.empty()) {
            std::ranges::fill(source_, std::uint8_t{1});
            for (const Node d : destinations) {
                for (const Node n : customer_cone(graph, d)) { source_[n] = 0; }
            }
        }
        for (const Node n : options.sources) { source_[n] = 1; }
        for (const Node d : destinations) {
            fixed_[d] = 1;
            source_[d] = 0;
        }
    }

    VertexCut run(std::size_t most) {
        VertexCut out;
        const auto bound = static_cast<std::uint32_t>(2 * most + 1);
        std::vector<Node> best;
        const std::uint32_t flow = layered(bound, best);
        out.at_least = std::max<std::size_t>((flow + 1) / 2, disjoint(most + 1));
        if (out.at_least > most) { return out; }
        bool have = flow < bound;
        if (have) { drop_needless(best); }
        for (std::size_t size = out.at_least; size <= most && (!have || size < best.size()); ++size) {
            chosen_.clear();
            const Answer answer = search(size);
            if (answer == Answer::gave_up) { break; }
            if (answer == Answer::yes) {
                best = chosen_;
                have = true;
                break;
            }
            out.at_least = size + 1;
        }
        if (have && best.size() <= most) {
            out.found = true;
            out.nodes = best;
            std::ranges::sort(out.nodes, {}, [&](Node n) { return graph_.asn(n); });
        }
        return out;
    }

private:
    enum class Answer : std::uint8_t { yes, no, gave_up };

    /// The flow over the doubled graph, and the ASes of its cut where it stays under `bound`.
    std::uint32_t layered(std::uint32_t bound, std::vector<Node>& cut) const {
        const auto n = static_cast<std::uint32_t>(graph_.size());
        const auto up = [](Node v) { return 4 * v; };  // coming in; going out is the next number
        const auto down = [](Node v) { return 4 * v + 2; };
        const std::uint32_t start = 4 * n;
        const std::uint32_t end = start + 1;
        Flow flow(4 * std::size_t{n} + 2);
        for (Node v = 0; v < n; ++v) {
            const std::uint32_t room = fixed_[v] != 0 ? kEndless : 1;
            flow.arc(up(v), up(v) + 1, room);
            flow.arc(down(v), down(v) + 1, room);
            flow.arc(up(v) + 1, down(v), kEndless);
            for (const Node p : graph_.providers(v)) { flow.arc(up(v) + 1, up(p), kEndless); }
            for (const Node w : graph_.peers(v)) { flow.arc(up(v) + 1, down(w), kEndless); }
            for (const Node c : graph_.customers(v)) { flow.arc(down(v) + 1, down(c), kEndless); }
            if (source_[v] != 0) { flow.arc(start, up(v), kEndless); }
        }
        for (const Node d : destinations_) { flow.arc(down(d) + 1, end, kEndless); }
        const std::uint32_t total = flow.fill(start, end, bound);
        if (total < bound) {
            for (Node v = 0; v < n; ++v) {
                const bool cut_up = flow.near_side(up(v)) && !flow.near_side(up(v) + 1);
                const bool cut_down = flow.near_side(down(v)) && !flow.near_side(down(v) + 1);
                if (cut_up || cut_down) { cut.push_back(v); }
            }
        }
        return total;
    }

    /// The path still standing that has the fewest ASes; empty when there is none.
    std::vector<Node> standing() {
        tree_.compute(destinations_, removed_);
        Node best = kNoNode;
        for (Node n = 0; n < graph_.size(); ++n) {
            if (source_[n] != 0 && tree_.reached(n) && (best == kNoNode || tree_.length(n) < tree_.length(best))) { best = n; }
        }
        return best == kNoNode ? std::vector<Node>{} : tree_.path(best);
    }

    /// How many paths without a common removable AS are found, the short ones first; at most `most`, and `most` where no set cuts.
    std::size_t disjoint(std::size_t most) {
        std::size_t count = 0;
        for (; count < most; ++count) {
            const std::vector<Node> path = standing();
            if (path.empty()) { break; }
            bool any = false;
            for (const Node n : path) {
                if (fixed_[n] == 0) {
                    removed_[n] = 1;
                    any = true;
                }
            }
            if (!any) {
                count = most;
                break;
            }
        }
        std::ranges::fill(removed_, std::uint8_t{0});
        return count;
    }

    void drop_needless(std::vector<Node>& cut) {
        for (const Node n : cut) { removed_[n] = 1; }
        std::erase_if(cut, [&](Node n) {
            removed_[n] = 0;
            const bool needless = standing().empty();
            if (!needless) { removed_[n] = 1; }
            return needless;
        });
        std::ranges::fill(removed_, std::uint8_t{0});
    }

    Answer search(std::size_t left) {
        if (trees_left_ == 0) { return Answer::gave_up; }
        --trees_left_;
        const std::vector<Node> path = standing();
        if (path.empty()) { return Answer::yes; }
        if (left == 0) { return Answer::no; }
        Answer answer = Answer::no;
        for (const Node n : path) {
            if (fixed_[n] != 0) { continue; }
            removed_[n] = 1;
            chosen_.push_back(n);
            const Answer below = search(left - 1);
            removed_[n] = 0;
            if (below == Answer::yes) { return below; }
            chosen_.pop_back();
            if (below == Answer::gave_up) { answer = below; }
            if (trees_left_ == 0) { return Answer::gave_up; }
        }
        return answer;
    }

    const AsGraph& graph_;
    std::span<const Node> destinations_;
    RoutingTree tree_;
    std::vector<std::uint8_t> fixed_;
    std::vector<std::uint8_t> source_;
    std::vector<std::uint8_t> removed_;
    std::vector<Node> chosen_;
    std::size_t trees_left_;
};

}  // namespace vertex_cut_detail
}  // namespace

VertexCut smallest_cut(const AsGraph& graph, std::span<const Node> destinations, const CutOptions& options) {
    return vertex_cut_detail::Search(graph, destinations, options).run(options.most);
}

}  // namespace hw::route
