#include "route/predict/next_hop_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hw::route {
namespace {
namespace next_hop_detail {

constexpr std::size_t at(ChoiceFeature feature) { return static_cast<std::size_t>(feature); }

/// What an AS was observed to do where the ways led through one of some others.
class Towards {
public:
    Towards(const ObservedChoices& observed, Node chooser, std::span<const Node> via) {
        for (const Node v : via) {
            for (const auto& [next, times] : observed.towards(chooser, v)) {
                counts_.emplace_back(next, times);
                all_ += times;
            }
        }
    }
    /// log of the share of `next` among `options` options; 0 where nothing was observed.
    [[nodiscard]] double log_share(Node next, std::size_t options) const {
        if (all_ == 0) { return 0; }
        constexpr double kPrior = 0.1;  // what an option has that was not seen
        double times = 0;
        for (const auto& [n, t] : counts_) {
            if (n == next) { times += t; }
        }
        return std::log((times + kPrior) / (all_ + kPrior * static_cast<double>(options)));
    }

private:
    std::vector<ObservedChoices::Next> counts_;
    double all_ = 0;
};

/// Chances by exp(score), scaled so that nothing overflows.
void softmax(std::span<double> scores) {
    const double most = *std::ranges::max_element(scores);
    double sum = 0;
    for (double& s : scores) {
        s = std::exp(s - most);
        sum += s;
    }
    for (double& s : scores) { s /= sum; }
}

double dot(const ChoiceWeights& weights, const std::array<double, kChoiceFeatures>& features) {
    double sum = 0;
    for (std::size_t i = 0; i < kChoiceFeatures; ++i) { sum += weights[i] * features[i]; }
    return sum;
}

using Square = std::array<std::array<double, kChoiceFeatures>, kChoiceFeatures>;

/// x with a x = b, by Gaussian elimination; `a` is positive definite.
ChoiceWeights solved(Square a, ChoiceWeights b) {
    for (std::size_t k = 0; k < kChoiceFeatures; ++k) {
        for (std::size_t i = k + 1; i < kChoiceFeatures; ++i) {
            const double factor = a[i][k] / a[k][k];
            for (std::size_t j = k; j < kChoiceFeatures; ++j) { a[i][j] -= factor * a[k][j]; }
            b[i] -= factor * b[k];
        }
    }
    for (std::size_t k = kChoiceFeatures; k-- > 0;) {
        for (std::size_t j = k + 1; j < kChoiceFeatures; ++j) { b[k] -= a[k][j] * b[j]; }
        b[k] /= a[k][k];
    }
    return b;
}

}  // namespace next_hop_detail
}  // namespace

DestinationContext DestinationContext::of(const AsGraph& graph, Node destination) {
    DestinationContext out{.destination = destination, .providers = {graph.providers(destination).begin(), graph.providers(destination).end()}, .grandparents = {}};
    for (const Node provider : out.providers) {
        for (const Node above : graph.providers(provider)) {
            if (std::ranges::find(out.providers, above) == out.providers.end()) { out.grandparents.push_back(above); }
        }
    }
    std::ranges::sort(out.grandparents);
    const auto twice = std::ranges::unique(out.grandparents);
    out.grandparents.erase(twice.begin(), twice.end());
    return out;
}

void NextHopModel::options(const RoutingTree& tree, const DestinationContext& context, std::span<const Node> path, bool descending, std::vector<NextHop>& out) const {
    using namespace next_hop_detail;
    const AsGraph& graph = tree.graph();
    const Node chooser = path.back();
    out.clear();
    const auto add = [&](Node n, RouteClass relation) {
        if (std::ranges::find(path, n) != path.end()) { return; }
        out.push_back({.node = n, .relation = relation, .length = tree.length(n) + 1U, .features = {}, .probability = 0});
    };
    for (const Node n : graph.customers(chooser)) {
        if (tree.route_class(n) <= RouteClass::customer) { add(n, RouteClass::customer); }
    }
    if (!descending) {
        for (const Node n : graph.peers(chooser)) {
            if (tree.route_class(n) <= RouteClass::customer) { add(n, RouteClass::peer); }
        }
        for (const Node n : graph.providers(chooser)) {
            if (tree.reached(n)) { add(n, RouteClass::provider); }
        }
    }
    if (out.empty()) { return; }
    const unsigned shortest = std::ranges::min(out, {}, &NextHop::length).length;
    const RouteClass best = std::ranges::min(out, {}, &NextHop::relation).relation;
    const double all = observed_->count(chooser);
    const Towards to_end(*observed_, chooser, std::span(&context.destination, 1));
    const Towards to_provider(*observed_, chooser, context.providers);
    const Towards to_grandparent(*observed_, chooser, context.grandparents);
    const auto n = static_cast<double>(out.size());
    std::vector<double> scores;
    scores.reserve(out.size());
    for (NextHop& hop : out) {
        const auto set = [&](ChoiceFeature feature, double value) { hop.features[at(feature)] = value; };
        const unsigned extra = hop.length - shortest;
        set(ChoiceFeature::peer, hop.relation == RouteClass::peer);
        set(ChoiceFeature::provider, hop.relation == RouteClass::provider);
        set(ChoiceFeature::worse_class, hop.relation > best);
        set(ChoiceFeature::extra_length, std::min(extra, 4U));
        set(ChoiceFeature::longer, extra > 0);
        const double times = observed_->count(chooser, hop.node);
        set(ChoiceFeature::share, all > 0 ? std::log((times + 0.5) / (all + 0.5 * n)) : 0);
        set(ChoiceFeature::never_used, all > 0 && times == 0);
        set(ChoiceFeature::share_to_end, to_end.log_share(hop.node, out.size()));
        set(ChoiceFeature::share_to_provider, to_provider.log_share(hop.node, out.size()));
        set(ChoiceFeature::share_to_grandparent, to_grandparent.log_share(hop.node, out.size()));
        set(ChoiceFeature::is_end, hop.node == context.destination);
        set(ChoiceFeature::unseen_degree, all > 0 ? 0 : std::log(1.0 + static_cast<double>(graph.customers(hop.node).size())));
        scores.push_back(dot(weights_, hop.features));
    }
    softmax(scores);
    for (std::size_t i = 0; i < out.size(); ++i) { out[i].probability = scores[i]; }
}

ChoiceWeights fit_weights(std::span<const ChoiceMade> choices) {
    using namespace next_hop_detail;
    ChoiceWeights weights = kUsualWeights;
    if (choices.empty()) { return weights; }
    constexpr double kRidge = 1;  // worth one choice: only where nothing speaks does it count
    for (int round = 0; round < 30; ++round) {
        ChoiceWeights gradient{};
        Square curvature{};
        for (std::size_t i = 0; i < kChoiceFeatures; ++i) {
            gradient[i] = kRidge * (kUsualWeights[i] - weights[i]);
            curvature[i][i] = kRidge;
        }
        std::vector<double> p;
        for (const ChoiceMade& choice : choices) {
            p.clear();
            for (const auto& option : choice.options) { p.push_back(dot(weights, option)); }
            softmax(p);
            std::array<double, kChoiceFeatures> mean{};
            for (std::size_t o = 0; o < p.size(); ++o) {
                for (std::size_t i = 0; i < kChoiceFeatures; ++i) { mean[i] += p[o] * choice.options[o][i]; }
            }
            for (std::size_t i = 0; i < kChoiceFeatures; ++i) { gradient[i] += choice.options[choice.chosen][i] - mean[i]; }
            for (std::size_t o = 0; o < p.size(); ++o) {
                for (std::size_t i = 0; i < kChoiceFeatures; ++i) {
                    const double part = p[o] * (choice.options[o][i] - mean[i]);
                    if (part == 0) { continue; }
                    for (std::size_t j = 0; j < kChoiceFeatures; ++j) { curvature[i][j] += part * (choice.options[o][j] - mean[j]); }
                }
            }
        }
        const ChoiceWeights step = solved(curvature, gradient);
        double largest = 0;
        for (const double s : step) { largest = std::max(largest, std::abs(s)); }
        const double scale = std::min(1.0, 2.0 / std::max(largest, 1e-300));  // far from the answer the curve misleads
        for (std::size_t i = 0; i < kChoiceFeatures; ++i) { weights[i] += scale * step[i]; }
        if (largest < 1e-6) { break; }
    }
    return weights;
}

}  // namespace hw::route
