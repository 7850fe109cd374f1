#include "trace/link.hpp"

#include "trace/calibration.hpp"
#include "trace/hop.hpp"
#include "trace/multiple_testing.hpp"
#include "trace/record_link.hpp"
#include "trace/tunnels.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

namespace hw::trace {

namespace {

/// Sets every link's q, over all pairs that were compared.
void correct_for_testing(RelayLinks& links) {
    std::vector<double> p;
    for (const auto& linked : links.inflows) {
        for (const auto& link : linked.candidates) { p.push_back(link.p); }
    }
    const auto q = q_values(p, links.pairs_tested);
    for (std::size_t at = 0; auto& linked : links.inflows) {
        for (auto& link : linked.candidates) { link.q = q[at++]; }
    }
}

/// The links by records alone: for inputs of totals only, of any size.
RelayLinks link_by_records(std::span<const flow::Flow* const> inflows, std::span<const flow::Flow* const> outflows, const LinkOptions& options) {
    const RecordLinks found = link_records(inflows, outflows, options);
    RelayLinks result;
    result.interrupted = found.interrupted;
    result.pairs_tested = found.pairs_tested;
    result.inflows.resize(inflows.size());
    double weakest_p = 0;
    auto pair = found.pairs.begin();
    for (std::uint32_t i = 0; i < inflows.size(); ++i) {
        LinkedFlow& linked = result.inflows[i];
        linked.flow = inflows[i];
        linked.scored = found.compared[i];
        const auto begin = pair;
        while (pair != found.pairs.end() && pair->in == i) { ++pair; }
        linked.candidates.reserve(static_cast<std::size_t>(pair - begin));
        for (auto at = begin; at != pair; ++at) {
            Link link;
            link.inbound = inflows[i];
            link.outbound = outflows[at->out];
            link.llr = std::min(Decibans::from_nats(at->log_ratio), kCalibration.most_believed);
            link.channels.record = link.llr;
            link.p = std::clamp(std::exp(-at->log_ratio), kCalibration.least_p, 1.0);  // P(LR ≥ r | unrelated) ≤ 1/r, Markov
            link.posterior = std::min(at->chance, 1 - kCalibration.model_error);
            linked.candidates.push_back(link);
        }
        for (const Link& link : linked.candidates) {
            if (link.posterior >= 0.5) { weakest_p = std::max(weakest_p, link.p); }
        }
        if (!found.none.empty()) { linked.none = found.none[i]; }
        for (const Link& link : linked.candidates) { linked.none -= found.none.empty() ? link.posterior : 0; }
        linked.none = std::max(linked.none, kCalibration.model_error);
        for (Link& link : linked.candidates) { link.p_none = linked.none; }
    }
    result.expected_false_accusations = weakest_p * static_cast<double>(result.pairs_tested);
    correct_for_testing(result);
    return result;
}

/// The links of every inflow, by the outflow's place in its list.
using PairsByFlow = std::vector<std::map<std::size_t, Link>>;
using Places = std::unordered_map<const flow::Flow*, std::size_t>;

Places places_of(std::span<const flow::Flow* const> flows) {
    Places places;
    places.reserve(flows.size());
    for (std::size_t i = 0; i < flows.size(); ++i) { places.emplace(flows[i], i); }
    return places;
}

constexpr double kTellingCourse = 20;  // seconds

double odds(double posterior) { return posterior / std::max(1 - posterior, kCalibration.model_error); }

/// Puts what the records of all flows together say beside what each pair's courses say. Whatever the two have in common, the mean
/// of two likelihood ratios is one again (its mean over unrelated pairs is 1 where theirs are), and twice the lesser p holds.
void join_records(PairsByFlow& pairs, const RelayLinks& records, const Places& outs) {
    std::vector<double> sum(outs.size());  // of every outflow, over its inflows
    for (std::size_t in = 0; in < pairs.size(); ++in) {
        const auto halve = [](Link& link) {
            link.llr = Decibans::from_ratio(link.llr.ratio() / 2);
            link.p = std::min(1.0, 2 * link.p);
            link.posterior = odds(link.posterior) / 2;  // the odds for now
        };
        for (auto& [out, link] : pairs[in]) { halve(link); }
        for (Link record : records.inflows[in].candidates) {
            halve(record);
            const auto [at, fresh] = pairs[in].try_emplace(outs.at(record.outbound), record);
            if (fresh) { continue; }
            Link& link = at->second;
            // What two courses that were long enough to agree deny, records alone do not restore.
            const bool telling = link.channels.activity && link.evidence.shared_s >= kTellingCourse;
            const double denied = telling ? std::min(1.0, link.channels.activity->ratio()) : 1.0;
            link.llr = Decibans::from_ratio(link.llr.ratio() + denied * record.llr.ratio());
            link.p = std::min(link.p, record.p);
            link.posterior += denied * record.posterior;
            link.channels.record = record.channels.record;
        }
        for (auto& [out, link] : pairs[in]) {
            link.channels.record = link.channels.record ? std::optional<Decibans>(std::min(*link.channels.record, kCalibration.most_believed)) : std::nullopt;
            link.llr = std::min(link.llr, kCalibration.most_believed);
            link.p = std::max(link.p, kCalibration.least_p);
            link.posterior = link.posterior / (1 + link.posterior);
            sum[out] += link.posterior;
        }
    }
    for (auto& links : pairs) {
        for (auto& [out, link] : links) {
            link.posterior *= (1 - kCalibration.model_error) / std::max(1.0, sum[out]);
            link.p_none = std::max(kCalibration.model_error, 1 - sum[out]);
        }
    }
}

}  // namespace

Result<RelayLinks> link_relay(const flow::FlowSource& source, std::span<const net::Address> relay, const LinkOptions& options) {
    RelayLinks result;
    const auto is_relay = [&](const net::Address& a) { return std::ranges::find(relay, a) != relay.end(); };

    // The relay's flows, an observer at a time: two flows are only compared where one clock timed both.
    std::map<flow::ObserverId, std::vector<const flow::Flow*>> views;
    for (const auto& address : relay) {
        HW_TRY(const auto flows, source.flows_of(address, source.interval()));
        for (const auto* f : flows) { views[f->observer].push_back(f); }
    }
    // The observer that saw the most flows of the relay is the one that watches it.
    const auto best = std::ranges::max_element(views, {}, [](const auto& view) { return view.second.size(); });
    if (best == views.end()) { return result; }
    auto& flows = best->second;
    std::ranges::stable_sort(flows, [](const auto* a, const auto* b) { return a->first != b->first ? a->first < b->first : a->id < b->id; });
    flows.erase(std::ranges::unique(flows).begin(), flows.end());

    std::vector<const flow::Flow*> inflows;
    std::vector<const flow::Flow*> outflows;
    for (const auto* f : flows) {
        const bool in = is_relay(f->server.address);
        if (in && is_relay(f->client.address)) { continue; }
        (in ? inflows : outflows).push_back(f);
    }
    const auto totals_only = [](const flow::Flow* f) { return f->activity.empty(); };
    if (std::ranges::all_of(flows, totals_only)) { return link_by_records(inflows, outflows, options); }
    LinkOptions quiet = options;
    quiet.progress = nullptr;  // one outflow's pairs are done at once; the outflows are what takes time
    const RelayLinks records = link_by_records(inflows, outflows, quiet);
    const Places ins = places_of(inflows);
    const Places outs = places_of(outflows);
    PairsByFlow pairs(inflows.size());
    for (std::size_t done = 0; const auto* out : outflows) {
        if (options.progress) { options.progress(done++, outflows.size()); }
        if (options.stop.stop_requested()) {
            result.interrupted = true;
            break;
        }
        HopInput input;
        input.host.assign(relay.begin(), relay.end());
        input.action = out;
        input.flows = inflows;
        input.seen = source.observers()[static_cast<std::size_t>(best->first)].interval;
        HopResult hop = explain_action(input, quiet);
        result.pairs_tested += hop.pairs;
        for (auto& link : hop.linked.candidates) { pairs[ins.at(link.inbound)].emplace(outs.at(out), link); }
    }
    result.pairs_tested = std::max(result.pairs_tested, records.pairs_tested);
    join_records(pairs, records, outs);
    double weakest_p = 0;
    for (std::size_t i = 0; i < inflows.size(); ++i) {
        LinkedFlow linked;
        linked.flow = inflows[i];
        linked.candidates.reserve(pairs[i].size());
        for (auto& [out, link] : pairs[i]) { linked.candidates.push_back(link); }
        linked.scored = linked.candidates.size();
        std::ranges::stable_sort(linked.candidates, [](const Link& a, const Link& b) {
            return a.llr != b.llr ? a.llr > b.llr : a.outbound->id < b.outbound->id;
        });
        for (const Link& link : linked.candidates) {
            linked.none = std::min(linked.none, 1 - link.posterior);
            if (link.posterior >= 0.5) { weakest_p = std::max(weakest_p, link.p); }
        }
        result.inflows.push_back(std::move(linked));
    }
    result.tunnels = find_tunnels(inflows, outflows, quiet);
    result.expected_false_accusations = weakest_p * static_cast<double>(result.pairs_tested);
    correct_for_testing(result);
    return result;
}

}  // namespace hw::trace
