#include "trace/tunnel_assign.hpp"

#include "trace/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

namespace hw::trace {

namespace {
namespace streams_in_tunnels {

constexpr std::int64_t kEarly = 500'000;         // a stream may seem to begin so long before its tunnel (clocks of two taps)
constexpr std::size_t kMostStreams = 64;         // in one tunnel
constexpr std::size_t kReferences = 256;         // sets drawn to learn how a tunnel's bytes are explained by chance
constexpr std::size_t kRounds = 8;                 // of learning
constexpr std::size_t kLearningSweeps = 25;       // to settle in, and as many to learn from, a round
constexpr std::size_t kChains = 4;
constexpr std::size_t kBurnIn = 120;             // sweeps, the first of them annealed
constexpr std::size_t kSweeps = 300;             // or fewer, down to
constexpr std::size_t kFewestSweeps = 60;        // as their steps, all chains together, are held to
constexpr double kMostSteps = 3e8;
constexpr double kSure = 0.8;
constexpr double kLeastShown = 0.1;              // sets shown less often teach nothing
constexpr double kPriorTunnels = 10;             // that the first law of counts stands for
constexpr double kHottest = 4;                   // temperature that annealing begins at
constexpr std::uint32_t kNobody = ~std::uint32_t{0};
constexpr double kLeastDensity = 1e-30;
constexpr double kNever = -1e300;
constexpr double kHopeless = 20;                 // nats below the best: such a place is not worth its bytes' look-up

/// How many streams a tunnel in use carries.
using CountLaw = std::array<double, kMostStreams + 1>;
CountLaw first_count_law() {
    CountLaw law{};
    double rest = 1;
    for (std::size_t k = 1; k <= kMostStreams; ++k) {
        law[k] = rest * 0.4;
        rest *= 0.6;
    }
    return law;
}

/// Streams that one tunnel carries, as one flow: what began with the first, ended with the last and carried the bytes of all.
struct Together {
    RecordRow row{};
    std::uint32_t last = kNobody;  // the stream that ended last; of several the first
    std::uint32_t count = 0;

    void add(std::uint32_t j, std::span<const RecordRow> outs) {
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
};
Together together(std::span<const std::uint32_t> members, std::span<const RecordRow> outs) {
    Together sum;
    for (const std::uint32_t j : members) { sum.add(j, outs); }
    return sum;
}

/// Bytes that an SSH tunnel spends on each stream beyond the first: up the request to open it, with the names of both ends,
/// window adjustment, end of file and close, down the answers; each padded and tagged (RFC 4254, 5 and 7.2).
constexpr std::int64_t kOpenUp = 200;
constexpr std::int64_t kOpenDown = 140;

/// What does not change while chains run.
struct Problem {
    const TunnelFlows& flows;
    std::array<RecordModel, 2> models;
    double partnered = 0.5;
    bool ssh = false;  // most links of this relay look like SSH's
    CountLaw counts = first_count_law();
    std::vector<std::vector<std::uint32_t>> inside;   // of every outflow, the tunnels that it may run in
    std::vector<std::uint32_t> compared;              // of every tunnel, the streams inside it
    CountLaw log_count{};                             // ln of the chance that a tunnel carries so many, in any order
    std::vector<double> log_compared;
    std::array<double, 2> log_highest{};              // of each model, ln of the greatest density of bytes
    std::vector<double> by_chance;                    // of every tunnel, ln density of its bytes given some streams of this host

    [[nodiscard]] const RecordModel& model(std::uint32_t in) const { return models[in % 2]; }
    /// Streams as the one flow that a tunnel of one stream would carry.
    [[nodiscard]] RecordRow as_one(const Together& sum) const {
        RecordRow row = sum.row;
        row.up += ssh ? (sum.count - 1) * kOpenUp : 0;
        row.down += ssh ? (sum.count - 1) * kOpenDown : 0;
        return row;
    }

    /// ln weight of a tunnel with these streams, against streams that are in none; kNever where it is sure to be below `least`.
    [[nodiscard]] double log_weight(std::uint32_t in, const Together& sum, double least = kNever) const {
        if (sum.count == 0) { return std::log(1 - partnered); }
        const RecordRow row = as_one(sum);
        const RecordRow& tunnel = flows.ins[in];
        const double when = model(in).times(tunnel, row) / flows.usual[sum.last].when;
        const double but_bytes = log_count[sum.count] + std::log(std::max(when, kLeastDensity)) - by_chance[in] - (sum.count - 1) * log_compared[in];
        if (but_bytes + log_highest[in % 2] < least) { return kNever; }
        return but_bytes + std::log(std::max(model(in).bytes(tunnel, row), kLeastDensity));
    }
};

/// Finds which stream lies inside which tunnel's life, and returns how many such pairs there are; stops past `kMostTunnelPairs`.
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

/// What the weights are made of: among it how well streams drawn at random explain each tunnel's bytes.
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

/// One state that wanders.
class Chain {
public:
    Chain(const Problem& problem, std::uint64_t seed)
        : problem_(problem), random_(seed), owner_(problem.flows.outs.size(), kNobody), members_(problem.flows.ins.size()), sums_(problem.flows.ins.size()), weight_(problem.flows.ins.size()) {
        weigh_anew();
    }
    /// To be called when the problem has changed.
    void weigh_anew() {
        for (std::uint32_t i = 0; i < members_.size(); ++i) { weight_[i] = problem_.log_weight(i, sums_[i]); }
    }
    void sweep(double temperature) {
        for (std::uint32_t j = 0; j < owner_.size(); ++j) {
            if (problem_.inside[j].empty()) { continue; }
            place(j, temperature);
            exchange(j, temperature);
        }
    }
    /// From now on the chances that each stream's places had when it was placed are added up there, in the order of `Problem::inside`.
    void add_chances_to(std::vector<std::vector<double>>& chances) { chances_ = &chances; }
    [[nodiscard]] std::span<const std::vector<std::uint32_t>> members() const { return members_; }

private:
    double unit() { return static_cast<double>(random_() >> 11U) * 0x1p-53; }

    /// The streams of `in` without `gone` and with `fresh` (kNobody: none).
    [[nodiscard]] Together changed(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh) const {
        Together sum;
        for (const std::uint32_t j : members_[in]) {
            if (j != gone) { sum.add(j, problem_.flows.outs); }
        }
        if (fresh != kNobody) { sum.add(fresh, problem_.flows.outs); }
        return sum;
    }
    void set(std::uint32_t in, std::uint32_t gone, std::uint32_t fresh, const Together& sum, double weight) {
        std::erase(members_[in], gone);
        if (fresh != kNobody) { members_[in].push_back(fresh); }
        sums_[in] = sum;
        weight_[in] = weight;
    }

    /// Draws the stream's tunnel, all others given.
    void place(std::uint32_t j, double temperature) {
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
    void exchange(std::uint32_t j, double temperature) {
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
        if (gain < 0 && unit() >= std::exp(gain / temperature)) { return; }
        set(to, other, j, to_sum, to_weight);
        if (from != kNobody) { set(from, j, other, from_sum, from_weight); }
        owner_[j] = to;
        owner_[other] = from;
    }

    const Problem& problem_;
    std::mt19937_64 random_;
    std::vector<std::uint32_t> owner_;                  // of every stream
    std::vector<std::vector<std::uint32_t>> members_;   // of every tunnel
    std::vector<Together> sums_;                        // of every tunnel, as it is
    std::vector<double> weight_;                        // the same
    std::vector<std::vector<double>>* chances_ = nullptr;
    std::vector<double> gains_;
    std::vector<double> fresh_;
};

double temperature_at(std::size_t sweep, std::size_t annealed) {
    return sweep >= annealed ? 1 : std::pow(kHottest, 1 - static_cast<double>(sweep) / static_cast<double>(annealed));
}

/// What a chain showed of the tunnels: how often each carried which streams.
class Shown {
public:
    explicit Shown(std::size_t tunnels) : sets_(tunnels) {}
    void add(std::span<const std::vector<std::uint32_t>> members) {
        ++samples_;
        for (std::size_t i = 0; i < members.size(); ++i) {
            counts_[members[i].size()] += 1;
            if (members[i].empty()) { continue; }
            auto set = members[i];
            std::ranges::sort(set);
            ++sets_[i][std::move(set)];
        }
    }
    /// The relay's habits, each set counting as often as it was shown.
    void teach(Problem& problem) const {
        std::array<std::vector<RecordRow>, 2> sums;
        std::array<std::vector<std::pair<std::uint32_t, double>>, 2> of;
        for (std::uint32_t i = 0; i < sets_.size(); ++i) {
            for (const auto& [set, times] : sets_[i]) {
                const double share = times / samples_;
                if (share < kLeastShown) { continue; }
                sums[1 - i % 2].push_back(problem.as_one(together(set, problem.flows.outs)));
                of[1 - i % 2].emplace_back(i, share);
            }
        }
        for (std::size_t half = 0; half < 2; ++half) {
            std::vector<WeightedPair> pairs;
            pairs.reserve(sums[half].size());
            for (std::size_t s = 0; s < sums[half].size(); ++s) { pairs.push_back({&problem.flows.ins[of[half][s].first], &sums[half][s], of[half][s].second}); }
            problem.models[half] = problem.models[half].fit(pairs);
        }
        const CountLaw first = first_count_law();
        const double used = std::accumulate(counts_.begin() + 1, counts_.end(), 0.0) / samples_;
        for (std::size_t k = 1; k <= kMostStreams; ++k) { problem.counts[k] = (counts_[k] / samples_ + kPriorTunnels * first[k]) / (used + kPriorTunnels); }
        problem.partnered = std::clamp((used + 1) / (static_cast<double>(sets_.size()) + 2), 0.02, 0.98);
    }

private:
    std::vector<std::map<std::vector<std::uint32_t>, double>> sets_;
    CountLaw counts_{};
    double samples_ = 0;
};

}  // namespace streams_in_tunnels
}  // namespace

TunnelAssignment assign_streams(const TunnelFlows& flows, const LinkOptions& options) {
    using namespace streams_in_tunnels;
    TunnelAssignment answer;
    if (flows.ins.empty() || flows.outs.empty()) { return answer; }
    Problem problem{flows, flows.models, flows.partnered, false, first_count_law(), {}, {}, {}, {}, {}, {}};
    const auto ssh_share = [&](const RecordModel& model) { return model.law(RelayClass::ssh_channel).share; };
    problem.ssh = ssh_share(flows.models[0]) + ssh_share(flows.models[1]) > 1;
    const double pairs = find_inside(problem, options.max_lag.count());
    if (pairs == 0 || pairs > kMostTunnelPairs) { return answer; }
    const std::size_t rounds = flows.quick ? kRounds / 4 : kRounds;
    const std::size_t chains = flows.quick ? 1 : kChains;
    prepare(problem, options.seed);
    Chain learner(problem, options.seed);
    for (std::size_t round = 0; round < rounds; ++round) {
        Shown shown(flows.ins.size());
        for (std::size_t s = 0; s < 2 * kLearningSweeps; ++s) {
            if (options.stop.stop_requested()) { return answer; }
            learner.sweep(round == 0 ? temperature_at(s, kLearningSweeps) : 1);
            if (s >= kLearningSweeps) { shown.add(learner.members()); }
        }
        shown.teach(problem);
        prepare(problem, options.seed);
        learner.weigh_anew();
    }

    // The chances of every stream's places, all chains together: those it had when it was placed, not only where it then was
    // (Rao–Blackwell; Gelfand & Smith 1990).
    const std::size_t sweeps = flows.quick ? kFewestSweeps : std::clamp<std::size_t>(static_cast<std::size_t>(kMostSteps / kChains / std::max(1.0, pairs)), kFewestSweeps, kSweeps);
    struct Tally {
        std::vector<std::vector<double>> chances;
        std::vector<double> empty;
        double used = 0;
        double shared = 0;
    };
    std::vector<Tally> tallies(chains);
    for_each_index(chains, options, [&](std::size_t c) {
        Tally& tally = tallies[c];
        for (const auto& places : problem.inside) { tally.chances.emplace_back(places.size()); }
        tally.empty.resize(flows.ins.size());
        Chain chain(problem, options.seed * 1000 + c);
        for (std::size_t s = 0; s < kBurnIn + sweeps && !options.stop.stop_requested(); ++s) {
            if (s == kBurnIn) { chain.add_chances_to(tally.chances); }
            chain.sweep(temperature_at(s, kBurnIn * 2 / 3));
            for (std::size_t i = 0; s >= kBurnIn && i < flows.ins.size(); ++i) {
                const std::size_t size = chain.members()[i].size();
                tally.empty[i] += size == 0 ? 1 : 0;
                tally.used += size > 0 ? 1 : 0;
                tally.shared += size > 1 ? 1 : 0;
            }
        }
    });
    if (options.stop.stop_requested()) { return answer; }
    const auto all = static_cast<double>(chains * sweeps);
    double used = 0;
    for (const Tally& tally : tallies) {
        used += tally.used;
        answer.shared += tally.shared;
    }
    answer.shared /= std::max(1.0, used);
    answer.compared = problem.compared;
    answer.none.resize(flows.ins.size());
    for (std::size_t i = 0; i < flows.ins.size(); ++i) {
        for (const Tally& tally : tallies) { answer.none[i] += tally.empty[i]; }
        answer.none[i] = (answer.none[i] + 0.5) / (all + 1);
    }
    double sure = 0;
    for (std::uint32_t j = 0; j < flows.outs.size(); ++j) {
        double best = 0;
        for (std::size_t c = 0; c < problem.inside[j].size(); ++c) {
            double chance = 0;
            for (const Tally& tally : tallies) { chance += tally.chances[j][c]; }
            chance /= all + 1;  // never quite sure: so many looks cannot show more
            best = std::max(best, chance);
            if (chance < kLeastStreamChance) { continue; }
            const std::uint32_t i = problem.inside[j][c];
            const double prior = problem.partnered / std::max(1.0, static_cast<double>(problem.compared[i]));
            answer.streams.push_back({i, j, chance, std::log(chance / (1 - chance)) - std::log(prior / (1 - prior))});
        }
        sure += best >= kSure ? 1 : 0;
    }
    answer.assigned = sure / static_cast<double>(flows.outs.size());
    std::ranges::sort(answer.streams, [](const StreamChance& a, const StreamChance& b) {
        return a.in != b.in ? a.in < b.in : a.chance != b.chance ? a.chance > b.chance : a.out < b.out;
    });
    return answer;
}

}  // namespace hw::trace
