#include "trace/hop.hpp"

#include "trace/activity_channel.hpp"
#include "trace/calibration.hpp"
#include "trace/parallel.hpp"
#include "trace/record_match.hpp"
#include "trace/sequence_match.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <ranges>

namespace hw::trace {

namespace {

constexpr double kNatsPerDeciban = std::numbers::ln10 / 10;
/// Ports of services through which a host is made to act: ssh, telnet, RPC, SMB, rexec, RDP, VNC, WinRM.
constexpr std::array<std::uint16_t, 12> kServicesThatAct{22, 23, 135, 139, 445, 512, 513, 514, 3389, 5900, 5985, 5986};
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

/// Best order from any partner, by the sequence channel: one entry a partner.
std::map<net::Address, OrderMatch> score_orders(const HopInput& input, const LinkOptions& options) {
    std::map<net::Address, std::vector<const flow::Flow*>> by_partner;
    for (const auto* f : input.flows) {
        if (f == input.action || !f->activity.fine() || f->first > input.action->first) { continue; }
        const auto& partner = partner_of(input, *f);
        if (may_be_upstream(input, partner)) { by_partner[partner].push_back(f); }
    }
    std::map<net::Address, OrderMatch> orders;
    const auto& host = is_host(input, input.action->client.address) ? input.action->client.address : input.action->server.address;
    for (const auto& [partner, flows] : by_partner) {
        if (auto order = match_orders(flows, *input.action, host, input.seen, options.lookback)) { orders.emplace(partner, *order); }
    }
    return orders;
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
        const bool acts = std::ranges::find(kServicesThatAct, net::number(f->server.port)) != kServicesThatAct.end();
        const bool commanded = static_cast<std::size_t>(commands) >= kFewestCommands || (acts && f->request.payload_bytes > 0);
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

/// Posterior over the candidates and "none of them"; sorts the links, best first, into `linked`.
void weigh_together(std::vector<Link>& links, LinkedFlow& linked) {
    std::vector<double> weights(links.size() + 1);
    const auto called_back = static_cast<std::size_t>(std::ranges::count(links, Control::call_back, &Link::control));
    for (std::size_t i = 0; i < links.size(); ++i) {
        const bool call_back = links[i].control == Control::call_back;
        const double share = call_back ? kCalibration.call_back_share : 1 - kCalibration.call_back_share;
        const auto alike = static_cast<double>(call_back ? called_back : links.size() - called_back);
        weights[i] = std::log(kCalibration.relay_prior * share / alike) + links[i].llr.value() * kNatsPerDeciban;
    }
    weights.back() = std::log(1 - kCalibration.relay_prior);
    const double total = log_sum_exp(weights);
    linked.none = std::max(std::exp(weights.back() - total), kCalibration.model_error);
    for (std::size_t i = 0; i < links.size(); ++i) {
        links[i].posterior = std::exp(weights[i] - total) * (1 - linked.none) / std::max(1 - std::exp(weights.back() - total), 1e-300);
    }
    std::ranges::stable_sort(links, [](const Link& a, const Link& b) {
        return a.llr != b.llr ? a.llr > b.llr : a.inbound->id < b.inbound->id;
    });
    for (auto& link : links) {
        link.p_none = linked.none;
        link.llr = std::min(link.llr, kCalibration.most_believed);
        if (link.channels.activity) { link.channels.activity = std::min(*link.channels.activity, kCalibration.most_believed); }
        link.p = std::max(link.p, kCalibration.least_p);
    }
    linked.candidates = std::move(links);
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

    std::vector<Link> links(controls.size());
    for_each_index(controls.size(), options, [&](std::size_t i) {
        Link& link = links[i];
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
        const auto order = orders.find(partner_of(input, *controls[i].flow));
        if (order != orders.end() && order->second.flow == controls[i].flow) {
            link.channels.sequence = order->second.llr;
            const std::array<double, 2> ways{std::log(1 - kCalibration.order_share) + link.llr.value() * kNatsPerDeciban,
                                             std::log(kCalibration.order_share) + order->second.llr.value() * kNatsPerDeciban};
            link.llr = Decibans::from_nats(log_sum_exp(ways));
        }
    });
    if (options.stop.stop_requested()) {
        result.interrupted = true;
        return result;
    }
    weigh_together(links, result.linked);
    result.session_flow = last_session_in(input, options);
    for (const auto& [partner, order] : orders) {
        if (order.llr > Decibans(0) && (!result.best_order || order.llr > *result.best_order)) {
            result.best_order = order.llr;
            result.order_flow = order.flow;
        }
    }
    return result;
}

}  // namespace hw::trace
