#include "trace/sequence_match.hpp"

#include "trace/sequence_orders.hpp"
#include "trace/sequence_volume.hpp"

#include <algorithm>
#include <cmath>

namespace hw::trace {

namespace {
namespace sequence_detail {

constexpr Duration kSetUpWithin = std::chrono::seconds(60);  // from a plant to its first call
constexpr Duration kAfter = std::chrono::seconds(120);       // how long after the act the rhythm is still learnt from
constexpr Duration kShortestWindow = std::chrono::seconds(10);
constexpr std::size_t kMostActs = 8;
constexpr std::size_t kMostOthers = 48;  // other acts of the host that a relation's timing is normalised by
constexpr double kMostKind = 32;
// Where the course of the flows shows when words came, these must decide; most of all where the host itself opened them.
constexpr double kMostKindCalled = 3;
constexpr double kMostKindVisited = 8;
constexpr double kMostTiming = 25;
// Set apart from each other, the weights came out too modest together: trails said at even odds were right nearly always. The
// scale is a calibration (Platt 1999) by made-up intrusions, for totals only; with packets nothing is added.
constexpr double kScale = 1.5;
constexpr double kShift = 2;
constexpr double kMost = 50;  // dB: a sequence is inferred, never seen

/// What the host itself did to the action's partner, and when it counts as done.
struct Acts {
    std::vector<const flow::Flow*> flows;
    std::vector<Time> times;
};

bool is_end(std::span<const net::Address> host, const net::Address& address) { return std::ranges::find(host, address) != host.end(); }

/// The action itself where the host opened it; else the flows that it opened to that partner's services that act in the
/// minute before the partner first called.
Acts acts_of(const SequenceInput& input, const flow::Flow& action) {
    Acts acts;
    if (is_end(input.host, action.client.address)) {
        acts.flows.push_back(&action);
        acts.times.push_back(action.first);
        return acts;
    }
    const auto& partner = action.client.address;
    Time began = action.first;
    for (const auto* f : input.flows) {
        if (f->client.address == partner && f->server == action.server) { began = std::min(began, f->first); }
    }
    for (const auto* f : input.flows) {
        const bool set_up = is_end(input.host, f->client.address) && f->server.address == partner && is_service_that_acts(f->server.port);
        if (!set_up || f->first > began || f->first < began - kSetUpWithin || f->reply.packets == 0) { continue; }
        acts.flows.push_back(f);
        acts.times.push_back(f->first);
        if (acts.flows.size() == kMostActs) { break; }
    }
    return acts;
}

/// When the host began other things: its connections to others than the action's partner, evenly picked.
std::vector<Time> other_acts(const SequenceInput& input, Interval window) {
    std::vector<Time> times;
    const auto& downstream = is_end(input.host, input.action->client.address) ? input.action->server.address : input.action->client.address;
    for (const auto* f : input.flows) {
        if (is_end(input.host, f->client.address) && f->server.address != downstream && window.contains(f->first)) { times.push_back(f->first); }
    }
    if (times.size() > kMostOthers) {
        std::vector<Time> picked;
        picked.reserve(kMostOthers);
        for (std::size_t i = 0; i < kMostOthers; ++i) { picked.push_back(times[i * times.size() / kMostOthers]); }
        times = std::move(picked);
    }
    return times;
}

double ratio_of(const Orders& orders, const Acts& acts, const flow::Flow& action) {
    if (!acts.times.empty()) {
        double sum = 0;
        for (const Time t : acts.times) { sum += std::log(orders.ratio_at(t)); }
        return std::exp(sum / static_cast<double>(acts.times.size()));
    }
    // Nothing the host did shows: the order may have come at any time of the action's life.
    constexpr std::int64_t kPoints = 8;
    double sum = 0;
    for (std::int64_t i = 0; i <= kPoints; ++i) { sum += orders.ratio_at(action.first + (action.last - action.first) * i / kPoints); }
    return sum / static_cast<double>(kPoints + 1);
}

}  // namespace sequence_detail
}  // namespace

std::vector<OrderMatch> match_orders(const SequenceInput& input) {
    using namespace sequence_detail;
    std::vector<OrderMatch> matches;
    if (input.contacts == nullptr) { return matches; }
    const flow::Flow& action = *input.action;
    const Interval window{std::max(input.seen.from, action.first - input.lookback), std::min(input.seen.to, std::max(action.last, action.first + kAfter))};
    if (window.to - window.from < kShortestWindow) { return matches; }
    const auto& downstream = is_end(input.host, action.client.address) ? action.server.address : action.client.address;
    const auto relations = relations_of(input.host, input.flows, [&](const net::Address& a) { return a != downstream && input.may_command(a); });
    std::vector<const flow::Flow*> visits;
    for (const auto* f : input.flows) {
        if (is_end(input.host, f->server.address) && is_service_that_acts(f->server.port) && f->reply.packets > 0 && f->request.packets > 0) { visits.push_back(f); }
    }
    const Acts acts = acts_of(input, action);
    const auto others = other_acts(input, window);
    const Time moment = acts.times.empty() ? action.last : acts.times.back();
    const RelationJudge judge(relations, visits, *input.contacts, window);
    const VolumeMatch volumes(acts.flows, relations, input.host);
    for (const auto& r : relations) {
        if (r.first() > moment) { continue; }  // it cannot have ordered what was done before it began
        const Orders orders(r, window);
        // What else the host began: a relation that "explains" all of that too explains nothing.
        double usual = 0;
        for (const Time t : others) { usual += std::min(30.0, orders.ratio_at(t)); }
        usual = others.empty() ? 1 : std::max(1.0, usual / static_cast<double>(others.size()));
        OrderMatch match;
        match.partner = r.partner;
        match.opened = r.opened;
        match.flow = orders.most_telling(moment);
        match.flows = r.flows.size();
        const bool course = action.activity.fine() && std::ranges::any_of(r.flows, [](const flow::Flow* f) { return f->activity.fine(); });
        match.kind = Decibans(std::clamp(judge.kind_of(r).total().value(), -kMostKind, !course ? kMostKind : r.opened ? kMostKindCalled : kMostKindVisited));
        match.timing = Decibans(std::min(kMostTiming, 10 * std::log10(ratio_of(orders, acts, action) / usual)));
        match.volume = volumes.weigh(r, orders);
        const double sum = (match.kind + match.timing + match.volume).value();
        match.llr = Decibans(std::min(kMost, course ? sum : kScale * sum + kShift));
        matches.push_back(match);
    }
    return matches;
}

}  // namespace hw::trace
