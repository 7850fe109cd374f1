#pragma once

#include <cmath>
#include <compare>

namespace hw {

/// Weight of evidence: 10·log10 of a likelihood ratio (Good 1950). Adds where the evidence is independent.
class Decibans {
public:
    constexpr Decibans() = default;
    constexpr explicit Decibans(double value) : value_(value) {}
    /// From a likelihood ratio above 0.
    [[nodiscard]] static Decibans from_ratio(double ratio) { return Decibans(10.0 * std::log10(ratio)); }
    [[nodiscard]] static Decibans from_nats(double log_ratio) { return Decibans(log_ratio * 10.0 / std::log(10.0)); }

    [[nodiscard]] constexpr double value() const { return value_; }
    [[nodiscard]] double ratio() const { return std::pow(10.0, value_ / 10.0); }

    friend constexpr auto operator<=>(const Decibans&, const Decibans&) = default;
    friend constexpr Decibans operator+(Decibans a, Decibans b) { return Decibans(a.value_ + b.value_); }
    friend constexpr Decibans operator-(Decibans a, Decibans b) { return Decibans(a.value_ - b.value_); }
    friend constexpr Decibans operator*(double k, Decibans a) { return Decibans(k * a.value_); }

private:
    double value_ = 0;
};

}  // namespace hw
