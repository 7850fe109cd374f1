#include "route/predict/path_predictor.hpp"

#include "route/graph/inference.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <iterator>
#include <utility>

namespace hw::route {
namespace {
namespace path_predictor_detail {

/// Which part of ten a destination belongs to: by its number, so that the same data are always divided alike.
unsigned part_of(net::Asn asn) { return static_cast<unsigned>(((asn.number() * std::uint64_t{0x9e37'79b9'7f4a'7c15}) >> 40U) % 10); }

constexpr unsigned kForWeights = 0;
constexpr unsigned kForCurve = 1;
constexpr std::size_t kLeastChoices = 100;  // fewer say too little of twelve weights
constexpr std::size_t kLeastSaid = 200;     // and of a curve
constexpr double kUnheld = 0.8;             // so many came true of those that the rules were surest of, in a table of 2015 (docs/results/as-graph.md): where nothing can be held against, no more is said
constexpr std::size_t kMostOfOne = 300;     // ways of one vantage point: one that tells all must not stand for those that nobody listens to

using ByDestination = std::vector<std::pair<Node, std::vector<std::vector<Node>>>>;

ByDestination by_destination(std::vector<std::vector<Node>> paths, std::size_t most) {
    std::map<Node, std::vector<std::vector<Node>>> found;
    for (auto& path : paths) {
        const Node destination = path.back();
        found[destination].push_back(std::move(path));
    }
    // Taken evenly from all: nodes are numbered from the top of the hierarchy.
    ByDestination out;
    const std::size_t step = std::max<std::size_t>(1, (found.size() + most - 1) / most);
    std::size_t i = 0;
    for (auto& entry : found) {
        if (i++ % step == 0) { out.emplace_back(entry.first, std::move(entry.second)); }
    }
    return out;
}

/// Calls `use(place, tree)` for each destination, at the same time from several threads.
template <typename Use>
void for_each_destination(const AsGraph& graph, const ByDestination& destinations, const Use& use) {
    std::vector<Node> nodes;
    nodes.reserve(destinations.size());
    for (const auto& [destination, paths] : destinations) { nodes.push_back(destination); }
    for_each_tree(graph, nodes, {}, use);
}

/// Searches depth first, the likeliest next AS first.
class Search {
public:
    Search(const NextHopModel& model, const RoutingTree& tree, const DestinationContext& context, const PredictOptions& options) : model_(model), tree_(tree), context_(context), options_(options) {}

    std::vector<PredictedPath> from(Node source) {
        path_ = {source};
        follow(false, 1);
        std::ranges::stable_sort(found_, std::ranges::greater{}, &PredictedPath::probability);
        if (found_.size() > options_.most) { found_.resize(options_.most); }
        return std::move(found_);
    }

private:
    void follow(bool descending, double probability) {
        constexpr std::size_t kLongest = 16;
        constexpr std::size_t kMostSteps = 1'000;
        if (path_.back() == context_.destination) {
            found_.push_back({.nodes = path_, .probability = probability});
            return;
        }
        if (path_.size() >= kLongest || ++steps_ > kMostSteps) { return; }
        std::vector<NextHop> options;
        model_.options(tree_, context_, path_, descending, options);
        std::ranges::sort(options, [&](const NextHop& a, const NextHop& b) { return a.probability != b.probability ? a.probability > b.probability : tree_.graph().asn(a.node) < tree_.graph().asn(b.node); });
        for (const NextHop& hop : options) {
            if (probability * hop.probability < options_.least) { break; }
            path_.push_back(hop.node);
            follow(descending || hop.relation != RouteClass::provider, probability * hop.probability);
            path_.pop_back();
        }
    }

    const NextHopModel& model_;
    const RoutingTree& tree_;
    const DestinationContext& context_;
    const PredictOptions& options_;
    std::vector<Node> path_;
    std::vector<PredictedPath> found_;
    std::size_t steps_ = 0;
};

/// The choices on one observed way, as far as the graph knows its links.
void add_choices(const NextHopModel& model, const RoutingTree& tree, const DestinationContext& context, std::span<const Node> path, std::vector<ChoiceMade>& out) {
    bool descending = false;
    std::vector<NextHop> options;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        model.options(tree, context, path.first(i + 1), descending, options);
        const auto chosen = std::ranges::find(options, path[i + 1], &NextHop::node);
        if (chosen == options.end()) { return; }
        if (options.size() > 1) {
            ChoiceMade& made = out.emplace_back();
            made.chosen = static_cast<std::size_t>(chosen - options.begin());
            made.options.reserve(options.size());
            for (const NextHop& hop : options) { made.options.push_back(hop.features); }
        }
        descending = descending || chosen->relation != RouteClass::provider;
    }
}

}  // namespace path_predictor_detail
}  // namespace

ObservedChoices PathPredictor::counted(std::span<const std::vector<net::Asn>> observed, const AsGraph& graph) const {
    ObservedChoices choices;
    const std::size_t step = std::max<std::size_t>(1, (observed.size() + options_.ways - 1) / options_.ways);
    for (std::size_t i = 0; i < observed.size(); i += step) {
        for (const auto& path : in_graph(observed.subspan(i, 1), graph)) { choices.add(path); }
    }
    return choices;
}

PathPredictor::Skill PathPredictor::train(std::span<const AsLink> links, std::span<const net::Asn> clique, std::span<const std::vector<net::Asn>> observed, const Held& held_by, std::size_t most_of_one) const {
    using namespace path_predictor_detail;
    ToldPaths rest, for_weights, for_curve;
    std::map<net::Asn, std::size_t> from;
    for (const auto& path : observed) {
        const unsigned part = part_of(held_by(path));
        if (part != kForWeights && part != kForCurve) { rest.push_back(path); }
        else if (path.size() > 1 && ++from[path.front()] <= most_of_one) { (part == kForWeights ? for_weights : for_curve).push_back(path); }
    }
    const auto graph = AsGraph::build(infer_relationships(rest, links, clique).links);
    const ObservedChoices choices = counted(rest, graph);

    Skill skill;
    const auto weighed = by_destination(in_graph(for_weights, graph), options_.destinations);
    std::vector<std::vector<ChoiceMade>> made(weighed.size());
    const NextHopModel usual(choices, kUsualWeights);
    for_each_destination(graph, weighed, [&](std::size_t i, const RoutingTree& tree) {
        const auto context = DestinationContext::of(graph, weighed[i].first);
        for (const auto& path : weighed[i].second) { add_choices(usual, tree, context, path, made[i]); }
    });
    std::vector<ChoiceMade> all_made;
    for (auto& some : made) { std::ranges::move(some, std::back_inserter(all_made)); }
    if (all_made.size() >= kLeastChoices) { skill.weights = fit_weights(all_made); }

    const auto held = by_destination(in_graph(for_curve, graph), options_.destinations);
    std::vector<std::vector<std::pair<double, bool>>> said(held.size());
    const NextHopModel learnt(choices, skill.weights);
    for_each_destination(graph, held, [&](std::size_t i, const RoutingTree& tree) {
        const auto context = DestinationContext::of(graph, held[i].first);
        for (const auto& path : held[i].second) {
            for (const auto& candidate : Search(learnt, tree, context, options_).from(path.front())) { said[i].emplace_back(candidate.probability, candidate.nodes == path); }
        }
    });
    std::vector<std::pair<double, bool>> all_said;
    for (const auto& some : said) { all_said.insert(all_said.end(), some.begin(), some.end()); }
    if (all_said.size() >= kLeastSaid) { skill.curve = IsotonicCurve(std::move(all_said)); }
    return skill;
}

PathPredictor PathPredictor::learn(std::span<const AsLink> links, std::span<const net::Asn> clique, std::span<const std::vector<net::Asn>> observed, PredictOptions options) {
    PathPredictor out(options);
    out.listened_ = out.train(links, clique, observed, [](const auto& path) { return path.back(); }, observed.size());
    out.unheard_ = out.train(links, clique, observed, [](const auto& path) { return path.front(); }, path_predictor_detail::kMostOfOne);
    out.graph_ = std::make_unique<AsGraph>(AsGraph::build(infer_relationships(observed, links, clique).links));
    out.observed_ = out.counted(observed, *out.graph_);
    return out;
}

Prediction PathPredictor::predict(const RoutingTree& tree, Node destination, Node source) const {
    if (source == destination) { return {.paths = {{.nodes = {source}, .probability = 1}}, .other = 0, .calibrated = true}; }
    const Skill& skill = listened_to(source) ? listened_ : unheard_;
    const NextHopModel model(observed_, skill.weights);
    const auto context = DestinationContext::of(*graph_, destination);
    Prediction out{.paths = path_predictor_detail::Search(model, tree, context, options_).from(source), .other = 1, .calibrated = !skill.curve.empty()};
    using path_predictor_detail::kUnheld;
    double sum = 0;
    for (PredictedPath& path : out.paths) {
        path.probability = skill.curve.empty() ? kUnheld * path.probability : skill.curve(path.probability);
        sum += path.probability;
    }
    if (sum > 1) {
        for (PredictedPath& path : out.paths) { path.probability /= sum; }
        sum = 1;
    }
    out.other = 1 - sum;
    return out;
}

}  // namespace hw::route
