#include "trace/tunnel_assign.hpp"

#include "trace/parallel.hpp"
#include "trace/tunnel_chain.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace hw::trace {

namespace streams_in_tunnels {
namespace {

constexpr std::size_t kRounds = 8;               // of learning
constexpr std::size_t kLearningSweeps = 25;      // to settle in, and as many to learn from, a round
constexpr std::size_t kChains = 4;
constexpr std::size_t kBurnIn = 120;             // sweeps, the first of them annealed
constexpr std::size_t kSweeps = 300;             // or fewer, down to
constexpr std::size_t kFewestSweeps = 60;        // as their steps, all chains together, are held to
constexpr double kMostSteps = 3e8;
constexpr double kSure = 0.8;
constexpr double kLeastShown = 0.1;              // sets shown less often teach nothing
constexpr double kPriorTunnels = 10;             // that the first law of counts stands for
constexpr double kHottest = 4;                   // temperature that annealing begins at

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

}  // namespace
}  // namespace streams_in_tunnels

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
