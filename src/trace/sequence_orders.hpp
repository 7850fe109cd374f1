#pragma once

#include "trace/sequence_relation.hpp"

#include <vector>

namespace hw::trace {

/// The moments at which a relation's partner may have given an order, as a point process, and how well they explain that
/// the host acted at some time.
///
/// With the course of a flow (activity) every burst of the partner's words after a pause of a second is a moment; with
/// totals only a short flow is one, and a long one may carry orders at any time of its life. Each moment is weighed by how
/// much more it carried than the relation's moments mostly do: a poll with a larger answer than usual brings an order. The
/// first words in a session that the host opened weigh little, and so does what it fetched once.
class Orders {
public:
    /// Takes what lies in `window`, at least a second long. The relation must live as long.
    Orders(const Relation& relation, Interval window);

    /// Likelihood ratio of the host's acting at `time`: under "an order made it" the delay since the order has density g
    /// (seconds to minutes, heavy-tailed: people think, jobs wait), under "unrelated" the time is even over the window:
    /// ε + (1 − ε)·(W/Σw)·Σ wₖ·g(t − tₖ). Its mean over unrelated times is about 1, whatever the partner's rhythm.
    [[nodiscard]] double ratio_at(Time time) const;
    /// The flow that explains `time` best; never null.
    [[nodiscard]] const flow::Flow* most_telling(Time time) const;
    /// How heavy each flow of the relation weighs among all of them, in their order; the shares sum to 1 or to 0.
    [[nodiscard]] const std::vector<double>& shares() const { return shares_; }

private:
    struct Moment {
        double from_s = 0;  ///< Since the window's beginning.
        double to_s = 0;
        double weight = 1;
        double bytes = 0;
        std::size_t flow = 0;  ///< Place in the relation.
        bool greeting = false;  ///< The first words in a session that the host opened, or all of a short one.
    };
    [[nodiscard]] static double fit(const Moment& moment, double time_s);
    void add_bursts(std::size_t place, Interval window);
    void weigh_by_volume();

    Time begin_;
    double length_s_ = 1;
    double total_ = 0;
    const Relation& relation_;
    std::vector<Moment> moments_;
    std::vector<double> shares_;
};

}  // namespace hw::trace
