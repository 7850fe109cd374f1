#include "trace/record_match.hpp"

#include "trace/series.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {

double laplace(double x, double scale) { return std::exp(-std::abs(x) / scale) / (2 * scale); }
double exponential(double x, double mean) { return x < 0 ? 0 : std::exp(-x / mean) / mean; }

// Densities under "two sides of one relay". The narrow parts are proxies that open and close with their client and
// copy its bytes; the middle ones sessions in which a person goes on by hand, and wrappings that add framing; the broad
// ones tunnels opened beforehand and clients that linger.
double relay_start(double x) {
    return 0.5 * exponential(x, 0.2) + 0.3 * exponential(x, 20) + 0.1 * exponential(x, 120) + 0.1 * laplace(x, 120);
}
double relay_end(double x) { return 0.55 * laplace(x, 0.3) + 0.25 * laplace(x, 5) + 0.2 * laplace(x, 120); }
double relay_ratio(double x) { return 0.5 * laplace(x, 0.01) + 0.3 * laplace(x, 0.15) + 0.2 * laplace(x, 1.5); }

/// Kernel density on a scale that is linear near 0 and logarithmic beyond `unit`, as a density in x.
class NullDensity {
public:
    NullDensity(std::span<const double> sample, double unit, double broad_scale) : unit_(unit), broad_scale_(broad_scale) {
        points_.reserve(sample.size());
        for (const double x : sample) { points_.push_back(stretch(x)); }
        const auto n = static_cast<double>(points_.size());
        broad_share_ = std::max(0.1, 8.0 / (8.0 + n));
        double mean = 0;
        for (const double t : points_) { mean += t; }
        mean /= std::max(1.0, n);
        double variance = 0;
        for (const double t : points_) { variance += (t - mean) * (t - mean); }
        const double sd = std::sqrt(variance / std::max(1.0, n));
        bandwidth_ = std::max(0.25, 0.9 * sd * std::pow(std::max(1.0, n), -0.2));  // Silverman 1986, eq. 3.31
    }

    [[nodiscard]] double operator()(double x) const {
        const double broad = laplace(x, broad_scale_);
        if (points_.empty()) { return broad; }
        const double t = stretch(x);
        double sum = 0;
        for (const double point : points_) {
            const double u = (t - point) / bandwidth_;
            sum += std::exp(-0.5 * u * u);
        }
        const double in_t = sum / (static_cast<double>(points_.size()) * bandwidth_ * std::sqrt(2 * std::numbers::pi));
        return (1 - broad_share_) * in_t / (unit_ + std::abs(x)) + broad_share_ * broad;
    }

private:
    [[nodiscard]] double stretch(double x) const { return std::copysign(std::log1p(std::abs(x) / unit_), x); }

    double unit_;
    double broad_scale_;
    double broad_share_ = 1;
    double bandwidth_ = 1;
    std::vector<double> points_;
};

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

/// Payload bytes; all bytes where the exporter counts no payload (NetFlow), which is off by the headers.
double volume(const flow::Flow& flow, flow::Direction half) {
    const bool counts_payload = flow.request.payload_bytes + flow.reply.payload_bytes > 0;
    return static_cast<double>(counts_payload ? flow.half(half).payload_bytes : flow.half(half).bytes);
}

}  // namespace

RecordFeatures record_features(const flow::Flow& control, bool control_opened, const flow::Flow& action, bool action_opened) {
    const auto ratio = [&](Sense sense) {
        const double in = volume(control, half_of(control_opened, Role::control, sense));
        const double out = volume(action, half_of(action_opened, Role::action, sense));
        return std::log((out + 20) / (in + 20));
    };
    return {seconds(action.first - control.first), seconds(action.last - control.last), ratio(Sense::commands), ratio(Sense::answers)};
}

RecordWeight match_records(const RecordFeatures& pair, std::span<const RecordFeatures> unrelated, double span_s) {
    std::vector<double> sample(unrelated.size());
    const auto weigh = [&](double RecordFeatures::*value, double (*relay)(double), double unit, double broad) {
        std::ranges::transform(unrelated, sample.begin(), [value](const RecordFeatures& r) { return r.*value; });
        const double x = pair.*value;
        return Decibans::from_nats(std::log(std::max(1e-300, relay(x)) / std::max(1e-300, NullDensity(sample, unit, broad)(x))));
    };
    constexpr double kUnitS = 0.1;
    constexpr double kUnitRatio = 0.02;
    constexpr double kBroadRatio = 2;
    const double broad_s = std::max(4.0, span_s / 3);
    // Flows of a moment end when they begin: their end says nothing more.
    constexpr double kMomentS = 15;
    const Decibans start = weigh(&RecordFeatures::start_delay_s, relay_start, kUnitS, broad_s);
    const Decibans end = span_s < kMomentS ? Decibans() : weigh(&RecordFeatures::end_delay_s, relay_end, kUnitS, broad_s);
    return {start + end,
            weigh(&RecordFeatures::commands_ratio, relay_ratio, kUnitRatio, kBroadRatio) +
                weigh(&RecordFeatures::answers_ratio, relay_ratio, kUnitRatio, kBroadRatio)};
}

}  // namespace hw::trace
