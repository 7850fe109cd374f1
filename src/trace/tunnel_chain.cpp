#include "trace/tunnel_chain.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace hw::trace::streams_in_tunnels {
namespace {

constexpr std::int64_t kEarly = 500'000;   // a stream may seem to begin so long before its tunnel (clocks of two taps)
constexpr std::size_t kReferences = 256;   // sets drawn to learn how a tunnel's bytes are explained by chance
constexpr double kLeastDensity = 1e-30;
constexpr double kHopeless = 20;           // nats below the best: such a place is not worth its bytes' look-up

/// Bytes that an SSH tunnel spends on each stream beyond the first: up the request to open it, with the names of both ends,
/// window adjustment, end of file and close, down the answers; each padded and tagged (RFC 4254, 5 and 7.2).
constexpr std::int64_t kOpenUp = 200;
constexpr std::int64_t kOpenDown = 140;

}  // namespace

CountLaw first_count_law() {
    CountLaw law{};
    double rest = 1;
    for (std::size_t k = 1; k <= kMostStreams; ++k) {
        law[k] = rest * 0.4;
        rest *= 0.6;
    }
    return law;
}

void Together::add(std::uint32_t j, std::span<const RecordRow> outs) {
    const RecordRow& stream = outs[j];
    if (count++ == 0) {
        row = stream;
        last = j;
        return;
    }
    if (stream.last_us > row.last_us || (stream.last_us == row.last_us && j < last)) { last = j; }
    row.first_us = std::min(row.first_us, stream.first_us);
    row.last_us = std::max(row.last_us, stream.last_us);
    row.up += stream.up;
    row.down += stream.down;
    row.up_packets += stream.up_packets;
    row.down_packets += stream.down_packets;
}

Together together(std::span<const std::uint32_t> members, std::span<const RecordRow> outs) {
    Together sum;
    for (const std::uint32_t j : members) { sum.add(j, outs); }
    return sum;
}

RecordRow Problem::as_one(const Together& sum) const {
    RecordRow row = sum.row;
    row.up += ssh ? (sum.count - 1) * kOpenUp : 0;
    row.down += ssh ? (sum.count - 1) * kOpenDown : 0;
    return row;
}

double Problem::log_weight(std::uint32_t in, const Together& sum, double least) const {
    if (sum.count == 0) { return std::log(1 - partnered); }
    const RecordRow row = as_one(sum);
    const RecordRow& tunnel = flows.ins[in];
    const double when = model(in).times(tunnel, row) / flows.usual[sum.last].when;
    const double but_bytes = log_count[sum.count] + std::log(std::max(when, kLeastDensity)) - by_chance[in] - (sum.count - 1) * log_compared[in];
    if (but_bytes + log_highest[in % 2] < least) { return kNever; }
    return but_bytes + std::log(std::max(model(in).bytes(tunnel, row), kLeastDensity));
}

double find_inside(Problem& problem, std::int64_t slack_us) {
    const auto& [ins, outs] = std::pair(problem.flows.ins, problem.flows.outs);
    problem.inside.assign(outs.size(), {});
    problem.compared.assign(ins.size(), 0);
    double pairs = 0;
    for (std::uint32_t i = 0; i < ins.size(); ++i) {
        const auto low = std::ranges::lower_bound(outs, ins[i].first_us - kEarly, {}, &RecordRow::first_us);
        for (auto at = low; at != outs.end() && at->first_us <= ins[i].last_us; ++at) {
            if (at->last_us > ins[i].last_us + slack_us) { continue; }
            problem.inside[static_cast<std::size_t>(at - outs.begin())].push_back(i);
            ++problem.compared[i];
            if (++pairs > kMostTunnelPairs) { return pairs; }
        }
    }
    return pairs;
}

void prepare(Problem& problem, std::uint64_t seed) {
    const auto& flows = problem.flows;
    for (std::size_t k = 1; k <= kMostStreams; ++k) {
        problem.log_count[k] = std::log(problem.partnered) + std::log(problem.counts[k]) + std::lgamma(static_cast<double>(k));
    }
    problem.log_compared.resize(flows.ins.size());
    for (std::size_t i = 0; i < flows.ins.size(); ++i) { problem.log_compared[i] = std::log(std::max(1.0, static_cast<double>(problem.compared[i]))); }
    for (std::size_t half = 0; half < 2; ++half) { problem.log_highest[half] = std::log(problem.models[half].highest_bytes()); }
    std::mt19937_64 random(seed);
    std::vector<RecordRow> sets(kReferences);
    std::vector<double> weight(kReferences);
    for (std::size_t s = 0; s < kReferences; ++s) {
        const std::size_t k = 1 + s % 4;
        std::vector<std::uint32_t> members(k);
        for (auto& j : members) { j = static_cast<std::uint32_t>(random() % flows.outs.size()); }
        sets[s] = problem.as_one(together(members, flows.outs));
        weight[s] = problem.counts[k];
    }
    const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
    problem.by_chance.resize(flows.ins.size());
    for (std::uint32_t i = 0; i < flows.ins.size(); ++i) {
        double sum = 0;
        for (std::size_t s = 0; s < kReferences; ++s) { sum += weight[s] * problem.model(i).bytes(flows.ins[i], sets[s]); }
        problem.by_chance[i] = std::log(std::max(sum / all, kLeastDensity));
    }
}

Chain::Chain(const Problem& problem, std::uint64_t seed)
    : problem_(problem), random_(seed), owner_(problem.flows.outs.size(), kNobody), members_(problem.flows.ins.size()), sums_(problem.flows.ins.size()), weight_(problem.flows.ins.size()) {
    weigh_anew();
}

void Chain::weigh_anew() {
    for (std::uint32_t i = 0; i < members_.size(); ++i) { weight_[i] = problem_.log_weight(i, sums_[i]); }
}

void Chain::sweep(double temperature) {
    for (std::uint32_t j = 0; j < owner_.size(); ++j) {
        if (problem_.inside[j].empty()) { continue; }
        place(j, temperature);
        exchange(j, temperature);
    }
}

/// The streams of `in` without `gone` and with `fresh` (kNobody: none).
Together Chain::changed(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh) const {
    Together sum;
    for (const std::uint32_t j : members_[in]) {
        if (j != gone) { sum.add(j, problem_.flows.outs); }
    }
    if (fresh != kNobody) { sum.add(fresh, problem_.flows.outs); }
    return sum;
}

void Chain::set(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh, const Together& sum, double weight) {
    std::erase(members_[in], gone);
    if (fresh != kNobody) { members_[in].push_back(fresh); }
    sums_[in] = sum;
    weight_[in] = weight;
}

/// Draws the stream's tunnel, all others given.
void Chain::place(std::uint32_t j, double temperature) {
    const std::uint32_t before = owner_[j];
    if (before != kNobody) {
        const Together rest = changed(before, j, kNobody);
        set(before, j, kNobody, rest, problem_.log_weight(before, rest));
        owner_[j] = kNobody;
    }
    const auto& tunnels = problem_.inside[j];
    gains_.assign(tunnels.size() + 1, 0);
    fresh_.assign(tunnels.size(), 0);
    double top = 0;
    for (std::size_t c = 0; c < tunnels.size(); ++c) {
        const std::uint32_t i = tunnels[c];
        if (members_[i].size() >= kMostStreams) {
            gains_[c] = -1e9;
            continue;
        }
        Together more = sums_[i];
        more.add(j, problem_.flows.outs);
        fresh_[c] = problem_.log_weight(i, more, weight_[i] + (top - kHopeless) * temperature);
        gains_[c] = (fresh_[c] - weight_[i]) / temperature;
        top = std::max(top, gains_[c]);
    }
    double sum = 0;
    for (auto& g : gains_) { sum += g = std::exp(g - top); }
    if (chances_ != nullptr) {
        for (std::size_t c = 0; c < tunnels.size(); ++c) { (*chances_)[j][c] += gains_[c] / sum; }
    }
    double at = unit() * sum;
    for (std::size_t c = 0; c < tunnels.size(); ++c) {
        at -= gains_[c];
        if (at < 0) {
            Together more = sums_[tunnels[c]];
            more.add(j, problem_.flows.outs);
            set(tunnels[c], kNobody, j, more, fresh_[c]);
            owner_[j] = tunnels[c];
            return;
        }
    }
}

/// Two streams change places (one of the places may be nowhere): what no step of a single stream reaches.
void Chain::exchange(std::uint32_t j, double temperature) {
    const auto& tunnels = problem_.inside[j];
    const std::uint32_t to = tunnels[random_() % tunnels.size()];
    const std::uint32_t from = owner_[j];
    if (to == from || members_[to].empty()) { return; }
    const std::uint32_t other = members_[to][random_() % members_[to].size()];
    if (from != kNobody && !std::ranges::binary_search(problem_.inside[other], from)) { return; }
    const Together to_sum = changed(to, other, j);
    const double to_weight = problem_.log_weight(to, to_sum);
    const Together from_sum = from == kNobody ? Together{} : changed(from, j, other);
    const double from_weight = from == kNobody ? 0 : problem_.log_weight(from, from_sum);
    const double gain = to_weight - weight_[to] + (from == kNobody ? 0 : from_weight - weight_[from]);
    // How much oftener the way back is proposed than the way there (Hastings, Biometrika 57(1), 1970): a place among few is drawn oftener.
    const auto count = [](const auto& list) { return static_cast<double>(list.size()); };
    const double back = from == kNobody ? count(tunnels) / count(problem_.inside[other]) : count(members_[to]) / count(members_[from]);
    const double accept = gain / temperature + std::log(back);
    if (accept < 0 && unit() >= std::exp(accept)) { return; }
    set(to, other, j, to_sum, to_weight);
    if (from != kNobody) { set(from, j, other, from_sum, from_weight); }
    owner_[j] = to;
    owner_[other] = from;
}

}  // namespace hw::trace::streams_in_tunnels
