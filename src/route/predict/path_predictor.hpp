#pragma once

#include "route/graph/as_graph.hpp"
#include "route/graph/routing_tree.hpp"
#include "route/predict/isotonic.hpp"
#include "route/predict/next_hop_model.hpp"
#include "route/predict/observed_choices.hpp"
#include "route/told_paths.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace hw::route {

/// A way that traffic may take.
struct PredictedPath {
    std::vector<Node> nodes;  ///< From the source to the destination, both included.
    double probability = 0;
};

/// The ways from one AS to another where none was observed: a set, the likeliest first.
struct Prediction {
    std::vector<PredictedPath> paths;
    double other = 1;         ///< The chance that it is none of these.
    bool calibrated = false;  ///< The chances were held against ways that were kept from learning; else they are the model's own word.
};

struct PredictOptions {
    std::size_t most = 16;             ///< Ways in a set.
    double least = 0.01;               ///< Less likely ones are not followed.
    std::size_t ways = 400'000;        ///< Of more observed ways so many, taken evenly, are counted: some 100 bytes for each pair of ASes on one.
    std::size_t destinations = 2'500;  ///< So many are used to learn from, and as many again to calibrate.
};

/// Foretells AS paths. Gao and Rexford's rules say which ways are possible; which of them is taken is learnt from the choices on observed ways: a fifth of
/// them is kept back, half of it to learn weights from and half to hold the chances against. Once by their ends, for ASes whose ways elsewhere were observed;
/// and once by where they begin, for ASes that nobody listened to, of which less can be said.
class PathPredictor {
public:
    /// `links`: relationships as far as known; those that observed ways have besides are inferred from them. `clique` may be empty.
    [[nodiscard]] static PathPredictor learn(std::span<const AsLink> links, std::span<const net::Asn> clique, std::span<const std::vector<net::Asn>> observed, PredictOptions options = {});

    /// The known and the inferred links.
    [[nodiscard]] const AsGraph& graph() const { return *graph_; }
    /// Ways from `source` to the destination of `tree`, which is computed on `graph()` for that one destination. May be asked from several threads at once.
    [[nodiscard]] Prediction predict(const RoutingTree& tree, Node destination, Node source) const;
    /// Whether ways from this AS were observed.
    [[nodiscard]] bool listened_to(Node source) const { return observed_.count(source) > 0; }

private:
    /// What was learnt of how to weigh choices, and how far that can be trusted.
    struct Skill {
        ChoiceWeights weights = kUsualWeights;
        IsotonicCurve curve;
    };
    using Held = std::function<net::Asn(const std::vector<net::Asn>&)>;

    explicit PathPredictor(PredictOptions options) : options_(options) {}
    [[nodiscard]] ObservedChoices counted(std::span<const std::vector<net::Asn>> observed, const AsGraph& graph) const;
    [[nodiscard]] Skill train(std::span<const AsLink> links, std::span<const net::Asn> clique, std::span<const std::vector<net::Asn>> observed, const Held& held_by, std::size_t most_of_one) const;

    PredictOptions options_;
    std::unique_ptr<AsGraph> graph_;  ///< Trees point to it.
    ObservedChoices observed_;
    Skill listened_;
    Skill unheard_;
};

}  // namespace hw::route
