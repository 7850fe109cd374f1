#include "trace/relay_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hw::trace {
namespace {
namespace relay_model_detail {

constexpr double kOutlier = 0.005;
constexpr double kOutlierSpanMs = 1000;
constexpr double kClockMs = 0.2;          // timestamps, interrupts, a scheduler's slice
constexpr double kSlownessSigma = 0.9;    // of ln κ
constexpr double kWorkSpread = 0.2;       // of c about κ·w, as a share of it
constexpr double kDetourLeastMs = 2;
constexpr double kDetourMostMs = 300;
constexpr std::size_t kSlownessSteps = 31;  // ±3.5 σ
constexpr std::size_t kDetourSteps = 241;   // 2 % apart

double density(double delta, double above, double below) {
    const double shape = delta >= 0 ? std::exp(-delta / above) : std::exp(delta / below);
    const double outlier = delta >= 0 && delta < kOutlierSpanMs ? kOutlier / kOutlierSpanMs : 0;
    return (1 - kOutlier) * shape / (above + below) + outlier;
}

/// The timings' likelihood for one detour, integrated over the client's slowness.
double likelihood(double detour_ms, const TransportEvidence& transport, const MethodEvidence& method) {
    const double below = transport.jitter_ms / static_cast<double>(transport.samples) + kClockMs;
    double sum = 0;
    double weights = 0;
    for (std::size_t i = 0; i < kSlownessSteps; ++i) {
        const double z = -3.5 + 7.0 * static_cast<double>(i) / static_cast<double>(kSlownessSteps - 1);
        const double slowness = std::exp(kSlownessSigma * z);
        const double weight = std::exp(-z * z / 2);
        const double work = slowness * work_ms(method.method);
        const double above = method.jitter_ms / static_cast<double>(method.samples) + kWorkSpread * work + kClockMs;
        sum += weight * density(method.min_ms - transport.min_ms - detour_ms - work, above, below);
        weights += weight;
    }
    return sum / weights;
}

}  // namespace relay_model_detail
}  // namespace

double work_ms(flow::FarMethod method) {
    switch (method) {
        case flow::FarMethod::tls12_key_exchange:
        case flow::FarMethod::tls13_finished:
        case flow::FarMethod::ssh_new_keys:
        case flow::FarMethod::ssh_key_reply:
        case flow::FarMethod::tls_hello:
        case flow::FarMethod::ssh_key_init: return 1.5;
        case flow::FarMethod::tls12_finished:
        case flow::FarMethod::tls12_resumed:
        case flow::FarMethod::tls_retry:
        case flow::FarMethod::ssh_log_in:
        case flow::FarMethod::ssh_echo:
        case flow::FarMethod::http2_settings:
        case flow::FarMethod::http2_ping:
        case flow::FarMethod::websocket_ping: return 1.0;
    }
    return 1.0;
}

double jitter_of(std::span<const double> sorted_ms) {
    if (sorted_ms.empty()) { return 1.0; }
    const auto n = static_cast<double>(sorted_ms.size());
    const double median = sorted_ms[(sorted_ms.size() - 1) / 2];
    return (n * (median - sorted_ms.front()) / std::numbers::ln2 + 3.0) / (n + 3.0);
}

double relay_log_ratio(const TransportEvidence& transport, const MethodEvidence& method) {
    using namespace relay_model_detail;  // within this function only
    const double direct = likelihood(0, transport, method);
    const double step = std::log(kDetourMostMs / kDetourLeastMs) / static_cast<double>(kDetourSteps - 1);
    double relayed = 0;
    for (std::size_t i = 0; i < kDetourSteps; ++i) {
        const double end = i == 0 || i + 1 == kDetourSteps ? 0.5 : 1.0;  // trapezoids
        relayed += end * likelihood(kDetourLeastMs * std::exp(step * static_cast<double>(i)), transport, method);
    }
    relayed /= static_cast<double>(kDetourSteps - 1);
    constexpr double kLeast = 1e-300;
    return std::log(std::max(relayed, kLeast)) - std::log(std::max(direct, kLeast));
}

}  // namespace hw::trace
