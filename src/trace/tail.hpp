#pragma once

#include <span>
#include <vector>

namespace hw::trace {

/// A generalised Pareto law of the excesses over a threshold: P(Y ≥ y) = (1 + shape·y/scale)^(−1/shape).
struct ParetoTail {
    double shape = 0;
    double scale = 1;
    /// ln P(Y ≥ y), for y ≥ 0.
    [[nodiscard]] double log_beyond(double y) const;
    /// ln of the density at y ≥ 0.
    [[nodiscard]] double log_density(double y) const;
    friend bool operator==(const ParetoTail&, const ParetoTail&) = default;
};

/// Fits excesses over a threshold, in rising order, by probability-weighted moments (Hosking & Wallis 1987, eq. 6).
///
/// The shape is kept at 0 or above: a bounded tail would promise that no unrelated pair can ever score higher, which a
/// finite sample cannot know.
[[nodiscard]] ParetoTail fit_pareto_tail(std::span<const double> rising_excesses);

/// What is known of the shape before any excess was seen: its usual value, and how far it strays from that.
struct ShapePrior {
    double usual = 0;
    double spread = 1;
};

/// The same with the shape drawn towards the usual one, the more the fewer the excesses are (the estimate's variance is about
/// 1.2 over their number), and the scale that keeps their mean. A few dozen excesses tell no shape of their own.
[[nodiscard]] ParetoTail fit_pareto_tail(std::span<const double> rising_excesses, const ShapePrior& prior);

/// The chance that an unrelated pair scores as high: counted where the null sample resolves it, beyond that by a
/// generalised Pareto tail (Pickands 1975).
class NullTail {
public:
    /// `scores` of unrelated pairs, any order. With fewer than 20 the tail is that of a standard normal score.
    explicit NullTail(std::vector<double> scores);

    /// Natural logarithm of P(score ≥ z | unrelated), at most 0.
    [[nodiscard]] double log_p(double z) const;
    /// Natural logarithm of the density of unrelated scores at z: that of the fitted tail above its threshold, below it
    /// the share of the sample within half a unit on either side.
    [[nodiscard]] double log_density(double z) const;
    [[nodiscard]] std::size_t size() const { return sorted_.size(); }
    [[nodiscard]] double shape() const { return tail_.shape; }
    [[nodiscard]] double scale() const { return tail_.scale; }

private:
    std::vector<double> sorted_;
    double threshold_ = 0;
    double exceeding_ = 0;  // share of the sample above the threshold
    ParetoTail tail_;
};

}  // namespace hw::trace
