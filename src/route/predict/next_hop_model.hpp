#pragma once

#include "route/graph/routing_tree.hpp"
#include "route/predict/observed_choices.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace hw::route {

/// What speaks for and against handing traffic on to one neighbour rather than another.
enum class ChoiceFeature : std::uint8_t {
    peer,           ///< 1 where it is a peer. (Customers are the base.)
    provider,       ///< 1 where it is a provider.
    worse_class,    ///< 1 where another option is of a better class (customer before peer before provider).
    extra_length,   ///< Links more than by the shortest option, at most 4.
    longer,         ///< 1 where there is a shorter option.
    share,          ///< log of its share in all that the AS was observed to hand on.
    never_used,     ///< 1 where the AS was observed and never handed on to it.
    share_to_end,   ///< log of its share on observed ways that led through the destination.
    share_to_provider,     ///< The same of ways through a provider of the destination,
    share_to_grandparent,  ///< and of ways through a provider of those.
    is_end,         ///< 1 where it is the destination.
    unseen_degree,  ///< log(1 + its customers), where the AS was never observed to hand on anything.
};
inline constexpr std::size_t kChoiceFeatures = 12;
using ChoiceWeights = std::array<double, kChoiceFeatures>;

/// Weights learnt from a table of 2015 (docs/results/as-graph.md), for where there are too few observed ways to learn from.
inline constexpr ChoiceWeights kUsualWeights = {-1.5, -1.25, -1.05, -0.65, -0.83, 0.23, -0.4, 0.4, 0.5, 0.26, 2.7, -0.45};

/// Ways to one destination: the ASes near it by which observed ways to other destinations resemble these.
struct DestinationContext {
    Node destination = kNoNode;
    std::vector<Node> providers;
    std::vector<Node> grandparents;  ///< Providers of the providers, without these.

    [[nodiscard]] static DestinationContext of(const AsGraph& graph, Node destination);
};

/// A neighbour that traffic may be handed on to.
struct NextHop {
    Node node = kNoNode;
    RouteClass relation = RouteClass::customer;  ///< What it is to the AS that chooses: customer, peer or provider.
    unsigned length = 0;                         ///< Links to the destination by it, as the tree has them.
    std::array<double, kChoiceFeatures> features{};
    double probability = 0;
};

/// The chance of each next AS, by a conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974) on Gao and Rexford's
/// preferences and on what was observed.
class NextHopModel {
public:
    NextHopModel(const ObservedChoices& observed, const ChoiceWeights& weights) : observed_(&observed), weights_(weights) {}

    /// Every neighbour of the last AS of `path` from which the destination of `tree` can be reached without a valley and without coming back, with its
    /// probability. `descending`: the way has gone over a peer link or down already, so that only customers may follow. Replaces `out`; in no special order.
    void options(const RoutingTree& tree, const DestinationContext& context, std::span<const Node> path, bool descending, std::vector<NextHop>& out) const;

private:
    const ObservedChoices* observed_;
    ChoiceWeights weights_;
};

/// A choice that was observed: what could have been chosen, and what was.
struct ChoiceMade {
    std::vector<std::array<double, kChoiceFeatures>> options;
    std::size_t chosen = 0;
};

/// The weights that make the choices likeliest (Newton's method, with a little ridge towards the usual weights, by which the answer is unique).
[[nodiscard]] ChoiceWeights fit_weights(std::span<const ChoiceMade> choices);

}  // namespace hw::route
