#include "trace/calibration.hpp"

#include <algorithm>

namespace hw::trace {

namespace {
/// Density of the Beta distribution.
double beta_density(double u, double a, double b) {
    return std::exp((a - 1) * std::log(u) + (b - 1) * std::log1p(-u) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
}
}  // namespace

Decibans weight_of(double log_p, double log_p_self) {
    // A flow that cannot stand out even against itself decides nothing.
    const double most = std::max(-log_p_self, 1.0);
    const double x = std::max(-log_p, 0.0);
    const double u = std::clamp(x / most, 0.005, 0.995);
    const double f = kCalibration.prompt_share * beta_density(u, kCalibration.prompt_a, kCalibration.prompt_b) + (1 - kCalibration.prompt_share);
    return Decibans::from_nats(x + std::log(f) - std::log(most));
}

}  // namespace hw::trace
