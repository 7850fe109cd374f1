#include "trace/ending.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

namespace hw::trace {

namespace {
namespace ending_rules {

// When "none of the candidates" may be read as "the host is the source". Each is on the side of the shrug.
constexpr double kSourceLeast = 0.8;        // posterior of none
constexpr double kDecidableP = 1e-4;        // a perfect partner would have scored at least this rare
constexpr Duration kShortestDecidable = std::chrono::seconds(5);
constexpr Decibans kOrderVeto{5.0};         // an order this likely keeps the host from being called a source

const std::string& observer_name(const flow::FlowSource& source, flow::ObserverId id) {
    return source.observers()[static_cast<std::size_t>(id)].name;
}

/// A piece of a conversation that an idle or active timeout cut, and that could not be joined to what came before, has no
/// beginning of its own to be explained.
bool continues_another(const HopInput& input) {
    const auto& action = *input.action;
    return std::ranges::any_of(input.flows, [&](const flow::Flow* f) {
        const bool cut = f->end == flow::FlowEnd::active_timeout || f->end == flow::FlowEnd::idle_timeout;
        return cut && f->id != action.id && f->protocol == action.protocol && f->last <= action.first &&
               std::minmax(f->client, f->server) == std::minmax(action.client, action.server);
    });
}

/// A conversation of the host, well within the watch, that another observer holds and this one does not: proof that the
/// watch is not whole. Null when the data do not contradict it.
const flow::Flow* conversation_missed_by(const flow::CoveredHost& watch, const HopInput& hop, const flow::FlowSource& source, Views& views) {
    constexpr Duration kMargin = std::chrono::seconds(3);
    const std::unordered_set<const flow::Flow*> own(hop.flows.begin(), hop.flows.end());
    if (source.observers().size() < 2) { return nullptr; }
    for (const auto& address : hop.host) {
        const auto flows = source.flows_of(address, source.interval());
        if (!flows) { continue; }
        views.know(address, kAlways, *flows);
        for (const auto* f : *flows) {
            const bool whole = f->protocol == flow::Protocol::tcp && f->tunnel_depth == 0 && f->request.payload_bytes > 0 && f->reply.payload_bytes > 0;
            if (f->observer == watch.observer || !whole) { continue; }
            const bool within = views.translate(f->first, f->observer, watch.observer) >= watch.interval.from + kMargin &&
                                views.translate(f->last, f->observer, watch.observer) <= watch.interval.to - kMargin;
            if (within && !own.contains(f) && views.seen_by(*f, watch.observer) == nullptr) { return f; }
        }
    }
    return nullptr;
}

}  // namespace ending_rules
}  // namespace

const net::Address& far_end(const flow::Flow& flow, std::span<const net::Address> host) {
    return std::ranges::find(host, flow.client.address) != host.end() ? flow.server.address : flow.client.address;
}

Judged judge_ending(const EndingInput& input, const flow::FlowSource& source, Views& views) {
    using namespace ending_rules;
    const std::string host = net::to_string(input.host);
    const auto& hop = input.found;
    const std::string seen = hop.pairs == 0 ? fmt::format("nothing else of {} was in the data at that time", host)
                                            : fmt::format("{} other flow{} of {} {} weighed", hop.pairs, hop.pairs == 1 ? "" : "s", host,
                                                          hop.pairs == 1 ? "was" : "were");
    const std::string_view none = hop.pairs == 0 ? "" : ", and none of them feeds this one";
    const auto& action = *input.hop.action;
    const Interval life = action.interval();
    const auto& watch = input.watch;
    if (watch.interval.from > life.from || watch.interval.to < life.to) {
        return {EndingKind::lost, fmt::format("{} was not watched for the whole life of the flow", host)};
    }
    if (action.first - watch.interval.from < std::chrono::seconds(1) && action.basis != flow::InitiatorBasis::syn) {
        return {EndingKind::lost, fmt::format("the flow was already running when the watch on {} began", host)};
    }
    if (continues_another(input.hop)) {
        return {EndingKind::lost, "this record continues one that a timeout had cut; how the conversation began stands there"};
    }
    if (life.to - life.from < kShortestDecidable || hop.p_self > kDecidableP) {
        return {EndingKind::lost, fmt::format("{}{}, but the flow is too short or too even for a partner to stand out", seen, none)};
    }
    if (hop.order_flow != nullptr && hop.order >= kOrderVeto) {
        return {EndingKind::lost, fmt::format("{}; none carries the same traffic, but an order may have come just before from {}", seen,
                                              net::to_string(far_end(*hop.order_flow, input.hop.host)))};
    }
    if (hop.session_flow != nullptr) {
        return {EndingKind::lost,
                fmt::format("{}; none carries the same traffic, but {} gave commands in a session on {} before or meanwhile, and may have set this going",
                            seen, net::to_string(far_end(*hop.session_flow, input.hop.host)), host)};
    }
    if (hop.linked.none < kSourceLeast) { return {EndingKind::lost, fmt::format("{}; some fit in part, none well enough to follow", seen)}; }
    if (watch.basis == flow::CoverageBasis::segment) {
        return {EndingKind::relay_upstream_unseen,
                fmt::format("{}{}, but what its neighbours on the same segment say to it passes the observer by", seen, none)};
    }
    const auto& name = observer_name(source, watch.observer);
    if (const auto* missed = conversation_missed_by(watch, input.hop, source, views)) {
        return {EndingKind::relay_upstream_unseen,
                fmt::format("{}{}, but observer {} saw a conversation of it with {} that observer {} did not: that capture is filtered, or the host "
                            "has another way out",
                            seen, none, observer_name(source, missed->observer), net::to_string(far_end(*missed, input.hop.host)), name)};
    }
    if (watch.basis == flow::CoverageBasis::declared) {
        return {EndingKind::source, fmt::format("{}{}; that observer {} saw all its traffic is your word (--covers)", seen, none, name)};
    }
    return {EndingKind::source,
            fmt::format("{}{}; all its traffic was seen by observer {}, provided that no capture filter and no second interface hid some", seen, none, name)};
}

}  // namespace hw::trace
