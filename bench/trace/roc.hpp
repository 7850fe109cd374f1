#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::bench {

/// A share with its 95 % confidence interval.
struct Share {
    double value = 0;
    double low = 0;
    double high = 0;
};

/// Wilson's score interval (Wilson 1927; Newcombe 1998, method 3) for `hits` out of `of`; 0 of 0 is [0, 1].
[[nodiscard]] Share wilson(std::size_t hits, std::size_t of);

/// How well the counts carry a false-positive rate: expected false positives at it are `rate · negatives`.
enum class Resolution : std::uint8_t {
    good,    ///< Ten or more are expected.
    thin,    ///< One to ten.
    none,    ///< Fewer than one: the figure is the true-positive rate above every negative, and says nothing of the rate.
};

/// One point of a curve.
struct OperatingPoint {
    double false_rate = 0;        ///< Asked for.
    std::size_t false_positives = 0;  ///< Let through: at most false_rate · negatives.
    std::size_t hits = 0;         ///< Positives above the threshold.
    double threshold = 0;         ///< Scores above it are accepted.
    Share true_rate;
    Resolution resolution = Resolution::none;
};

/// Scores of true pairs and of wrong ones, sorted downwards.
class Roc {
public:
    Roc(std::vector<double> positives, std::vector<double> negatives);

    [[nodiscard]] std::size_t positives() const { return positives_.size(); }
    [[nodiscard]] std::size_t negatives() const { return negatives_.size(); }

    /// The most lenient threshold that lets at most `false_rate` of the negatives through; ties count as let through by neither,
    /// so that a method gains nothing from equal scores.
    [[nodiscard]] OperatingPoint at(double false_rate) const;

    /// What a fixed threshold gives (score ≥ threshold): false and true positives as shares.
    struct Fixed {
        Share false_rate;
        Share true_rate;
    };
    [[nodiscard]] Fixed at_threshold(double threshold) const;

    /// The curve as steps, (false rate, true rate) from strict to lenient; false rates below 1/negatives are drawn there.
    struct Step {
        double false_rate = 0;
        double true_rate = 0;
    };
    [[nodiscard]] std::vector<Step> steps() const;

private:
    std::vector<double> positives_;
    std::vector<double> negatives_;
};

}  // namespace hw::bench
