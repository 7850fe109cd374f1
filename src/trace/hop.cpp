#include "trace/hop.hpp"

#include "trace/activity_channel.hpp"
#include "trace/calibration.hpp"
#include "trace/parallel.hpp"
#include "trace/record_match.hpp"
#include "trace/sequence_match.hpp"
#include "trace/series.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <ranges>
#include <unordered_map>

namespace hw::trace {

namespace {

constexpr double kNatsPerDeciban = std::numbers::ln10 / 10;
constexpr double kNever = -1e300;  // the logarithm of no chance at all
constexpr std::size_t kFewestPolls = 3;
constexpr std::size_t kMostUnrelated = 256;  // pairs that the record channel's null is drawn from

bool is_host(const HopInput& input, const net::Address& address) { return std::ranges::find(input.host, address) != input.host.end(); }

const net::Address& partner_of(const HopInput& input, const flow::Flow& f) {
    return is_host(input, f.client.address) ? f.server.address : f.client.address;
}

bool may_be_upstream(const HopInput& input, const net::Address& partner) {
    return !is_host(input, partner) && !partner.is_group() && !input.downstream.contains(partner);
}

/// The flows that might feed the action: alive at the same time, carrying something, and not leading back downstream.
std::vector<RelayFlow> control_candidates(const HopInput& input, const LinkOptions& options) {
    const auto& action = *input.action;
    const Interval alive{action.first - options.max_lag, action.last + options.max_lag};
    std::vector<RelayFlow> controls;
    for (const auto* f : input.flows) {
        const bool carries = f->request.payload_bytes + f->reply.payload_bytes > 0 || !f->activity.fine();
        if (f->id == action.id || !carries || !f->interval().overlaps(alive) || !may_be_upstream(input, partner_of(input, *f))) { continue; }
        controls.push_back({f, is_host(input, f->client.address)});
    }
    return controls;
}

/// Records of pairs at this host that cannot be the two sides of one relay if (control i, action) is: the other control
/// flows with the action, and control i with the others. Every n-th where there are many.
class UnrelatedRecords {
public:
    UnrelatedRecords(const std::vector<RelayFlow>& controls, const RelayFlow& action)
        : controls_(controls), stride_(1 + 2 * controls.size() / kMostUnrelated) {
        with_action_.reserve(controls.size());
        for (const auto& c : controls) { with_action_.push_back(record_features(*c.flow, c.opened, *action.flow, action.opened)); }
    }
    [[nodiscard]] const RecordFeatures& pair(std::size_t i) const { return with_action_[i]; }
    [[nodiscard]] std::vector<RecordFeatures> others(std::size_t i) const {
        std::vector<RecordFeatures> sample;
        const auto& control = controls_[i];
        for (std::size_t j = i % stride_; j < controls_.size(); j += stride_) {
            if (j == i) { continue; }
            sample.push_back(with_action_[j]);
            sample.push_back(record_features(*control.flow, control.opened, *controls_[j].flow, controls_[j].opened));
        }
        return sample;
    }

private:
    const std::vector<RelayFlow>& controls_;
    std::size_t stride_;
    std::vector<RecordFeatures> with_action_;
};

/// A candidate while it is weighed: as the relay of the action's bytes, and as the giver of the order for it.
struct Weighed {
    Link link;
    double bytes = kNever;  ///< ln LR, nats
    double order = kNever;  ///< ln Σ LR over the lines of control that its partner has to the host
};

/// Who may have given the order: one entry a line of control.
std::vector<OrderMatch> score_orders(const HopInput& input, const LinkOptions& options) {
    const SequenceInput sequence{input.host, input.action, input.flows, input.seen, options.lookback, input.contacts,
                                 [&](const net::Address& a) { return may_be_upstream(input, a); }};
    return match_orders(sequence);
}

/// Whether somebody or something goes on speaking in the action: an order explains that a host began something, hardly what
/// it then says for a minute. Such an action is passed on, or made up at the host itself.
bool is_dialogue(const RelayFlow& action) {
    constexpr std::size_t kFewestTurns = 8;
    constexpr std::size_t kFewestBins = 60;  // or a stream that goes on: 15 s of it, with pauses or without
    constexpr Duration kPause = std::chrono::seconds(1);
    const auto& activity = action.flow->activity;
    if (!activity.fine()) { return false; }
    std::size_t turns = 0;
    std::int64_t last = 0;
    const auto bins = activity.bins(half_of(action.opened, Role::action, Sense::commands));
    for (const auto& bin : bins) {
        turns += turns == 0 || (bin.index - last) * activity.width() > kPause ? 1 : 0;
        last = bin.index;
    }
    return turns >= kFewestTurns || bins.size() >= kFewestBins;
}

/// Lines of control that could be one by their kind: what the chance of being the one is shared among.
double count_of_alike(std::span<const OrderMatch> orders) {
    double count = 0;
    for (const auto& o : orders) { count += std::min(1.0, o.kind.ratio()); }
    return std::max(1.0, count);
}

/// Gives each partner's orders, all its lines of control together, to the flow that tells most of them.
void join_orders(std::vector<Weighed>& candidates, std::span<const OrderMatch> orders, const flow::Flow* action) {
    std::map<net::Address, std::vector<const OrderMatch*>> by_partner;
    for (const auto& o : orders) { by_partner[o.partner].push_back(&o); }
    std::unordered_map<const flow::Flow*, std::size_t> place;
    for (std::size_t i = 0; i < candidates.size(); ++i) { place.emplace(candidates[i].link.inbound, i); }
    for (const auto& [partner, lines] : by_partner) {
        const auto& best = **std::ranges::max_element(lines, {}, [](const auto* o) { return o->llr; });
        const auto [known, fresh_flow] = place.try_emplace(best.flow, candidates.size());
        if (fresh_flow) {
            Weighed fresh;
            fresh.link.inbound = best.flow;
            fresh.link.outbound = action;
            fresh.link.control = best.opened ? Control::call_back : Control::forward;
            candidates.push_back(fresh);
        }
        double sum = 0;
        for (const auto* o : lines) { sum += o->llr.ratio(); }
        Weighed& candidate = candidates[known->second];
        candidate.order = std::log(sum);
        candidate.link.channels.sequence = best.llr;
    }
}

/// The last session in which a partner that opened it gave this host commands: many in a course over time; where the input
/// has totals only, any payload to a service that acts.
const flow::Flow* last_session_in(const HopInput& input, const LinkOptions& options) {
    constexpr std::size_t kFewestCommands = 8;  // bins of 250 ms; a page or a check is asked for in fewer
    const Interval before{input.action->first - options.lookback, input.action->last};
    const flow::Flow* last = nullptr;
    for (const auto* f : input.flows) {
        const bool opened_to_host = is_host(input, f->server.address) && f->id != input.action->id;
        if (!opened_to_host || f->protocol != flow::Protocol::tcp || !may_be_upstream(input, f->client.address) || !f->interval().overlaps(before)) {
            continue;
        }
        const auto bins = f->activity.bins(flow::Direction::request);
        const auto commands = std::ranges::count_if(bins, [&](const flow::ActivityBin& bin) {
            return before.contains(Time::from_micros(bin.index * f->activity.width().count()));
        });
        const bool commanded = static_cast<std::size_t>(commands) >= kFewestCommands || (is_service_that_acts(f->server.port) && f->request.payload_bytes > 0);
        if (commanded && (last == nullptr || f->last > last->last)) { last = f; }
    }
    return last;
}

/// ln(Σ e^x) without overflow.
double log_sum_exp(std::span<const double> x) {
    const double top = *std::ranges::max_element(x);
    double sum = 0;
    for (const double v : x) { sum += std::exp(v - top); }
    return top + std::log(sum);
}

/// What is believed before any evidence (Calibration says why).
struct HopPriors {
    double driven = kCalibration.relay_prior;
    double by_order = kCalibration.order_share;
};

/// Posterior over the candidates and "none of them"; sorts the links, best first, into `linked`.
void weigh_together(std::vector<Weighed>& candidates, double orders_alike, const HopPriors& priors, LinkedFlow& linked) {
    std::vector<double> weights(candidates.size() + 1);
    const auto compared = std::ranges::count_if(candidates, [](const Weighed& w) { return w.bytes != kNever; });
    const auto called_back = std::ranges::count_if(candidates, [](const Weighed& w) { return w.bytes != kNever && w.link.control == Control::call_back; });
    std::vector<Link> links;
    links.reserve(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        auto& [link, bytes, order] = candidates[i];
        const bool call_back = link.control == Control::call_back;
        const double share = call_back ? kCalibration.call_back_share : 1 - kCalibration.call_back_share;
        const auto alike = static_cast<double>(std::max<std::ptrdiff_t>(1, call_back ? called_back : compared - called_back));
        const std::array<double, 2> ways{std::log((1 - priors.by_order) * share / alike) + bytes,
                                         std::log(priors.by_order / orders_alike) + order};
        weights[i] = std::log(priors.driven) + log_sum_exp(ways);
        const std::array<double, 2> mixed{std::log(1 - priors.by_order) + bytes, std::log(priors.by_order) + order};
        link.llr = Decibans::from_nats(log_sum_exp(mixed));
        links.push_back(link);
    }
    weights.back() = std::log(1 - priors.driven);
    const double total = log_sum_exp(weights);
    linked.none = std::max(std::exp(weights.back() - total), kCalibration.model_error);
    for (std::size_t i = 0; i < links.size(); ++i) {
        links[i].posterior = std::exp(weights[i] - total) * (1 - linked.none) / std::max(1 - std::exp(weights.back() - total), 1e-300);
    }
    std::ranges::stable_sort(links, [](const Link& a, const Link& b) {
        return a.posterior != b.posterior ? a.posterior > b.posterior : a.llr != b.llr ? a.llr > b.llr : a.inbound->id < b.inbound->id;
    });
    for (auto& link : links) {
        link.p_none = linked.none;
        link.llr = std::min(link.llr, kCalibration.most_believed);
        if (link.channels.activity) { link.channels.activity = std::min(*link.channels.activity, kCalibration.most_believed); }
        link.p = std::max(link.p, kCalibration.least_p);
    }
    linked.candidates = std::move(links);
}

/// ln of how much likelier the host's lines of control make what it did if one of them may have ordered it than if none did.
double evidence_of_orders(const std::vector<Weighed>& candidates, double orders_alike, const HopPriors& priors) {
    std::vector<double> weights;
    weights.reserve(candidates.size() + 1);
    weights.push_back(std::log(1 - priors.driven));
    for (const auto& candidate : candidates) { weights.push_back(std::log(priors.driven / orders_alike) + candidate.order); }
    return log_sum_exp(weights);
}

/// All of it together, against the lines of control that could be one: of many some come just before by chance.
void weigh_orders(std::span<const OrderMatch> orders, bool dialogue, HopResult& result) {
    double sum = 0;
    double alike = 0;
    Decibans best;
    for (const auto& order : orders) {
        alike += std::min(1.0, order.kind.ratio());
        // A dialogue is not begun by a conversation that the host itself began; by polls it may be.
        if (dialogue && order.opened && order.flows < kFewestPolls) { continue; }
        const Decibans weight = dialogue ? std::min(order.llr, order.timing) : order.llr;
        sum += weight.ratio();
        if (weight > best) {
            best = weight;
            result.order_flow = order.flow;
        }
    }
    if (result.order_flow != nullptr) { result.order = Decibans::from_ratio(sum / std::max(1.0, alike)); }
}

}  // namespace

HopResult explain_action(const HopInput& input, const LinkOptions& options) {
    HopResult result;
    result.linked.flow = input.action;
    const RelayFlow action{input.action, is_host(input, input.action->client.address)};
    const auto controls = control_candidates(input, options);
    result.pairs = controls.size();

    const ActivityScores activity = score_activity(action, controls, options);
    result.p_self = std::exp(activity.log_p_self);
    const UnrelatedRecords records(controls, action);
    // Candidates were picked because they live while the action does: that is all the time an unrelated one can be off by.
    const double span_s = std::chrono::duration<double>(action.flow->last - action.flow->first + 2 * options.max_lag).count();
    const auto orders = score_orders(input, options);

    std::vector<Weighed> candidates(controls.size());
    for_each_index(controls.size(), options, [&](std::size_t i) {
        Link& link = candidates[i].link;
        link.inbound = controls[i].flow;
        link.outbound = action.flow;
        link.control = controls[i].opened ? Control::call_back : Control::forward;
        const RecordWeight record = match_records(records.pair(i), records.others(i), span_s);
        link.channels.record = record.total();
        link.llr = record.total();
        double log_p = std::min(0.0, -link.llr.value() * kNatsPerDeciban);  // P(LR ≥ r | unrelated) ≤ 1/r, Markov
        if (const auto& score = activity.controls[i]; score.comparable) {
            log_p = score.log_p;
            link.channels.activity = score.weight;
            link.llr = *link.channels.activity + kCalibration.timing_discount * record.timing + record.volume;
            link.z = score.z;
            link.lag_request = score.lag_request;
            link.lag_reply = score.lag_reply;
            link.scale_s = score.scale_s;
        }
        link.p = std::exp(log_p);
        const auto& seen = activity.controls[i];
        link.evidence = {seen.z_fair, seen.z_self, seen.log_null, seen.shared_s,    seen.busy,
                         seen.burst,  seen.unlike, seen.log_p_local, record.timing, record.volume};
        candidates[i].bytes = link.llr.value() * kNatsPerDeciban;
    });
    if (options.stop.stop_requested()) {
        result.interrupted = true;
        return result;
    }
    join_orders(candidates, orders, input.action);
    HopPriors priors;
    const bool dialogue = is_dialogue(action);
    if (dialogue) { priors.by_order = kCalibration.order_share_of_dialogue; }
    if (!input.action->activity.fine() && !orders.empty()) { priors = {kCalibration.driven_by_totals, kCalibration.order_share_by_totals}; }
    if (!orders.empty()) { result.log_evidence_of_orders = evidence_of_orders(candidates, count_of_alike(orders), priors); }
    weigh_together(candidates, count_of_alike(orders), priors, result.linked);
    result.session_flow = last_session_in(input, options);
    weigh_orders(orders, dialogue, result);
    return result;
}

}  // namespace hw::trace
