#include "trace/calibration.hpp"

#include <algorithm>

namespace hw::trace {

namespace {
/// Density of the Beta distribution.
double beta_density(double u, double a, double b) {
    return std::exp((a - 1) * std::log(u) + (b - 1) * std::log1p(-u) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
}
}  // namespace

Decibans weight_of(double z, double z_self, double log_density) {
    // A flow that cannot stand out even against itself decides nothing: f1 is then as broad as the null.
    const double most = std::max(z_self, 4.0);
    const double r = std::clamp(z / most, 0.001, 0.999);
    const double f = kCalibration.prompt_share * beta_density(r, kCalibration.prompt_a, kCalibration.prompt_b) + (1 - kCalibration.prompt_share);
    return Decibans::from_nats(std::log(f / most) - log_density);
}

}  // namespace hw::trace
