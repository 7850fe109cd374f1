#include "trace/sequence_volume.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hw::trace {

namespace {
namespace volume_detail {

constexpr double kLeastBytes = 20'000;  // less is talk, and talk is alike everywhere
constexpr double kPassedOn = 0.4;       // share of acts that pass on what came over the line of control

double payload(const flow::Flow& f, flow::Direction half) {
    const bool counts_payload = f.request.payload_bytes + f.reply.payload_bytes > 0;
    return static_cast<double>(counts_payload ? f.half(half).payload_bytes : f.half(half).bytes);
}

double laplace_density(double x, double scale) { return std::exp(-std::abs(x) / scale) / (2 * scale); }
/// Wrapping adds a little, commands beside the tool some more.
double same_bytes(double x) { return 0.6 * laplace_density(x, 0.02) + 0.4 * laplace_density(x, 0.2); }

/// Gaussian kernel about ln(bytes), 0 for talk.
double alike(double bytes, double other) {
    constexpr double kBandwidth = 0.1;
    if (bytes < kLeastBytes || other < kLeastBytes) { return 0; }
    const double u = std::log(other / bytes) / kBandwidth;
    return std::exp(-0.5 * u * u) / (kBandwidth * std::sqrt(2 * std::numbers::pi));
}

/// Density of ln(bytes) among volumes that have nothing to do with each other, from a kernel sum over n of them.
double usual_density(double kernel_sum, double n) {
    constexpr double kBroad = 1 / 12.0;  // from a few bytes to some gigabytes: a dozen e-folds
    constexpr double kWorthOfBroad = 10;
    return (std::max(0.0, kernel_sum) + kWorthOfBroad * kBroad) / (std::max(0.0, n) + kWorthOfBroad);
}

/// What one relation carried one way, its flows taken together.
struct Carried {
    double fitting = 0;  ///< Σ share·f1
    double kernel = 0;
    double large = 0;    ///< Flows that carried much.
};

Carried add_up(const Relation& relation, const Orders& orders, flow::Direction half, double bytes, const auto& counts) {
    Carried sum;
    double by_number = 0;
    double by_share = 0;
    for (std::size_t i = 0; i < relation.flows.size(); ++i) {
        const auto& f = *relation.flows[i];
        const double carried = payload(f, half);
        sum.kernel += alike(bytes, carried);
        sum.large += carried >= kLeastBytes ? 1 : 0;
        if (carried < kLeastBytes / 2 || !counts(f)) { continue; }
        const double fit = same_bytes(std::log(carried / bytes));
        by_number += fit;
        by_share += orders.shares()[i] * fit;
    }
    // Of several flows one may have brought the tool: any of the large ones, or the one that weighs as an order.
    sum.fitting = std::max(by_share, sum.large > 0 ? by_number / sum.large : 0);
    return sum;
}

}  // namespace volume_detail
}  // namespace

VolumeMatch::VolumeMatch(std::span<const flow::Flow* const> acts, std::span<const Relation> all, std::span<const net::Address> host) {
    using namespace volume_detail;
    for (const auto* f : acts) {
        const bool opened = std::ranges::find(host, f->client.address) != host.end();
        const auto push = opened ? flow::Direction::request : flow::Direction::reply;
        acts_.push_back({f, payload(*f, push), payload(*f, flow::opposite(push)), 0, 0});
    }
    for (const auto& r : all) {
        for (const auto* f : r.flows) {
            const double in = payload(*f, r.inward());
            const double out = payload(*f, flow::opposite(r.inward()));
            got_ += in >= kLeastBytes ? 1 : 0;
            sent_ += out >= kLeastBytes ? 1 : 0;
            for (auto& act : acts_) {
                act.alike_got += alike(act.pushed, in);
                act.alike_sent += alike(act.read, out);
            }
        }
    }
}

Decibans VolumeMatch::weigh(const Relation& relation, const Orders& orders) const {
    using namespace volume_detail;
    constexpr double kMost = 20;  // dB
    if (acts_.empty()) { return Decibans(0); }
    double best = 0;
    for (const auto& act : acts_) {
        const auto ratio = [](const Carried& own, double all_kernel, double all_large) {
            return 1 - kPassedOn + kPassedOn * own.fitting / usual_density(all_kernel - own.kernel, all_large - own.large);
        };
        double together = 1;
        if (act.pushed >= kLeastBytes) {
            const auto before = [&](const flow::Flow& f) { return f.first <= act.flow->first; };
            together *= ratio(add_up(relation, orders, relation.inward(), act.pushed, before), act.alike_got, got_);
        }
        if (act.read >= kLeastBytes) {
            const auto after = [&](const flow::Flow& f) { return f.last >= act.flow->first; };
            together *= ratio(add_up(relation, orders, flow::opposite(relation.inward()), act.read, after), act.alike_sent, sent_);
        }
        best = std::max(best, together);
    }
    return Decibans(std::min(kMost, 10 * std::log10(best)));
}

}  // namespace hw::trace
