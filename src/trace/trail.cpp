#include "trace/trail.hpp"

#include "trace/hop.hpp"
#include "trace/views.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <queue>

namespace hw::trace {

namespace {

// When "none of the candidates" may be read as "the host is the source". Each is on the side of the shrug.
constexpr double kSourceLeast = 0.8;        // posterior of none
constexpr double kDecidableP = 1e-4;        // a perfect partner would have scored at least this rare
constexpr Duration kShortestDecidable = std::chrono::seconds(5);
constexpr Decibans kOrderVeto{5.0};         // an order this likely keeps the host from being called a source
constexpr double kMassThatMatters = 0.01;   // left unfollowed when the search ends, it counts as cut short
constexpr double kLeastMass = 1e-6;         // trails less likely than this are not followed

struct State {
    double mass = 1;
    const flow::Flow* attack = nullptr;
    const flow::Flow* action = nullptr;  // to be explained, in the view of the observer it was last found by
    net::Address host;                   // the action flow's end away from the victim
    std::vector<Hop> hops;
    std::set<net::Address> downstream;
    std::uint64_t order = 0;             // of creation: breaks ties the same way on every run
};

struct Less {
    bool operator()(const State& a, const State& b) const { return a.mass != b.mass ? a.mass < b.mass : a.order > b.order; }
};

const net::Address& other_end(const flow::Flow& flow, const net::Address& host) {
    return flow.client.address == host ? flow.server.address : flow.client.address;
}

/// The covering observer's own view of the host: who watches, and the action flow as they saw it.
struct CoveredView {
    const flow::CoveredHost* covered = nullptr;
    const flow::Flow* action = nullptr;
};

class Search {
public:
    Search(const flow::FlowSource& source, const TraceOptions& options, const Views& views)
        : source_(source), options_(options), views_(views) {}

    Result<TraceResult> run(std::vector<State> starts) {
        for (auto& s : starts) { push(std::move(s)); }
        std::size_t done = 0;
        while (!queue_.empty() && result_.trails.size() < options_.max_trails * 4) {
            if (options_.link.stop.stop_requested()) {
                result_.interrupted = true;
                break;
            }
            const State state = queue_.top();
            queue_.pop();
            if (state.mass < kLeastMass) { continue; }
            HW_CHECK(work_on(state));
            ++done;
            if (options_.progress) { options_.progress(done, queue_.size(), result_.pairs_tested); }
        }
        result_.truncated = result_.truncated || (!queue_.empty() && !result_.interrupted && queue_.top().mass >= kMassThatMatters);
        // What was never worked on has still been reached: its trail ends there, undecided.
        while (!queue_.empty() && (result_.interrupted || result_.trails.empty())) {
            const State& state = queue_.top();
            end(state, EndingKind::lost, state.mass, "the search was stopped before this host was looked at");
            queue_.pop();
        }
        finish();
        return std::move(result_);
    }

private:
    void push(State state) {
        state.order = created_++;
        queue_.push(std::move(state));
    }

    void end(const State& state, EndingKind kind, double mass, std::string reason) {
        Trail trail;
        trail.attack = state.attack;
        trail.hops = state.hops;
        trail.probability = mass;
        trail.ending = {kind, state.host, state.mass > 0 ? mass / state.mass : 0, std::move(reason)};
        result_.trails.push_back(std::move(trail));
    }

    [[nodiscard]] CoveredView covered_view(const State& state) const {
        CoveredView best;
        for (const auto& c : source_.coverage()) {
            if (c.address != state.host) { continue; }
            const flow::Flow* view = views_.seen_by(*state.action, c.observer);
            // The operator's word goes before what was read off the packets, and that before a log's own marks.
            if (view != nullptr && (best.covered == nullptr || c.basis < best.covered->basis)) { best = {&c, view}; }
        }
        return best;
    }

    [[nodiscard]] bool watched(const net::Address& host) const {
        return std::ranges::any_of(source_.coverage(), [&](const auto& c) { return c.address == host; });
    }

    Result<void> work_on(const State& state) {
        const CoveredView view = covered_view(state);
        if (view.covered == nullptr) {
            end(state, EndingKind::relay_upstream_unseen, state.mass,
                watched(state.host)
                    ? fmt::format("an observer of {} was given, but its data do not hold this flow", net::to_string(state.host))
                    : fmt::format("no data given show what else {} received; whether it started this or passed it on cannot be told from here",
                                  net::to_string(state.host)));
            return {};
        }
        if (state.hops.size() >= options_.max_hops) {
            result_.truncated = true;
            end(state, EndingKind::lost, state.mass, fmt::format("the limit of {} hops was reached", options_.max_hops));
            return {};
        }
        HopInput input;
        input.host = {state.host};
        input.action = view.action;
        input.seen = view.covered->interval;
        input.downstream = state.downstream;
        HW_TRY(const auto flows, source_.flows_of(state.host, {view.action->first - options_.link.lookback, view.action->last + options_.link.max_lag}));
        for (const auto* f : flows) {
            if (f->observer == view.covered->observer) { input.flows.push_back(f); }
        }
        HopResult hop = explain_action(input, options_.link);
        result_.pairs_tested += hop.pairs;
        if (hop.interrupted) {
            result_.interrupted = true;
            end(state, EndingKind::lost, state.mass, "the search was stopped while this host was being looked at");
            return {};
        }
        for (const auto& link : hop.linked.candidates) {
            const double mass = state.mass * link.posterior;
            if (mass < kLeastMass || link.posterior < 1e-4) { continue; }
            State next = state;
            next.mass = mass;
            next.hops.push_back({state.host, link, view.covered->observer, hop.linked.candidates.size()});
            next.downstream.insert(state.host);
            next.action = link.inbound;
            next.host = other_end(*link.inbound, state.host);
            push(std::move(next));
        }
        end_here(state, hop, input, view);
        return {};
    }

    void end_here(const State& state, const HopResult& hop, const HopInput& input, const CoveredView& view) {
        auto [kind, reason] = judge_ending(state.host, hop, input, view);
        end(state, kind, state.mass * hop.linked.none, std::move(reason));
    }

    struct Judged {
        EndingKind kind;
        std::string reason;
    };

    /// What to say of a host when none of its flows is the partner. `source` is what is left when every doubt is excluded.
    [[nodiscard]] Judged judge_ending(const net::Address& address, const HopResult& hop, const HopInput& input, const CoveredView& view) const {
        const std::string host = net::to_string(address);
        const std::string seen = hop.pairs == 0 ? fmt::format("nothing else of {} was in the data at that time", host)
                                                : fmt::format("{} other flow{} of {} {} weighed", hop.pairs, hop.pairs == 1 ? "" : "s", host,
                                                              hop.pairs == 1 ? "was" : "were");
        const std::string_view none = hop.pairs == 0 ? "" : ", and none of them feeds this one";
        const Interval life = view.action->interval();
        const auto& watch = *view.covered;
        if (watch.interval.from > life.from || watch.interval.to < life.to) {
            return {EndingKind::lost, fmt::format("{} was not watched for the whole life of the flow", host)};
        }
        if (view.action->first - watch.interval.from < std::chrono::seconds(1) && view.action->basis != flow::InitiatorBasis::syn) {
            return {EndingKind::lost, fmt::format("the flow was already running when the watch on {} began", host)};
        }
        if (continues_another(input)) {
            return {EndingKind::lost, "this record continues one that a timeout had cut; how the conversation began stands there"};
        }
        if (life.to - life.from < kShortestDecidable || hop.p_self > kDecidableP) {
            return {EndingKind::lost, fmt::format("{}{}, but the flow is too short or too even for a partner to stand out", seen, none)};
        }
        if (hop.best_order && *hop.best_order >= kOrderVeto) {
            return {EndingKind::lost, fmt::format("{}; none carries the same traffic, but an order may have come just before from {}", seen,
                                                  net::to_string(other_end(*hop.order_flow, address)))};
        }
        if (hop.session_flow != nullptr) {
            return {EndingKind::lost,
                    fmt::format("{}; none carries the same traffic, but {} gave commands in a session on {} before or meanwhile, and may have set this going",
                                seen, net::to_string(other_end(*hop.session_flow, address)), host)};
        }
        if (hop.linked.none < kSourceLeast) { return {EndingKind::lost, fmt::format("{}; some fit in part, none well enough to follow", seen)}; }
        if (watch.basis == flow::CoverageBasis::segment) {
            return {EndingKind::relay_upstream_unseen,
                    fmt::format("{}{}, but what its neighbours on the same segment say to it passes the observer by", seen, none)};
        }
        const auto& name = observer_name(watch.observer);
        if (const auto* missed = conversation_missed_by(watch, address)) {
            return {EndingKind::relay_upstream_unseen,
                    fmt::format("{}{}, but observer {} saw a conversation of it with {} that observer {} did not: that capture is filtered, or the host "
                                "has another way out",
                                seen, none, observer_name(missed->observer), net::to_string(other_end(*missed, address)), name)};
        }
        if (watch.basis == flow::CoverageBasis::declared) {
            return {EndingKind::source, fmt::format("{}{}; that observer {} saw all its traffic is your word (--covers)", seen, none, name)};
        }
        return {EndingKind::source,
                fmt::format("{}{}; all its traffic was seen by observer {}, provided that no capture filter and no second interface hid some", seen, none, name)};
    }

    [[nodiscard]] const std::string& observer_name(flow::ObserverId id) const { return source_.observers()[static_cast<std::size_t>(id)].name; }

    /// A piece of a conversation that an idle or active timeout cut has no beginning of its own to be explained.
    [[nodiscard]] static bool continues_another(const HopInput& input) {
        const auto& action = *input.action;
        return std::ranges::any_of(input.flows, [&](const flow::Flow* f) {
            const bool cut = f->end == flow::FlowEnd::active_timeout || f->end == flow::FlowEnd::idle_timeout;
            return cut && f->id != action.id && f->protocol == action.protocol && f->last <= action.first &&
                   std::minmax(f->client, f->server) == std::minmax(action.client, action.server);
        });
    }

    /// A conversation of the host, well within the watch, that another observer holds and this one does not: proof that the
    /// watch is not whole. Null when the data do not contradict it.
    [[nodiscard]] const flow::Flow* conversation_missed_by(const flow::CoveredHost& watch, const net::Address& address) const {
        constexpr Duration kMargin = std::chrono::seconds(3);
        const auto flows = source_.flows_of(address, source_.interval());
        if (!flows) { return nullptr; }
        for (const auto* f : *flows) {
            const bool whole = f->protocol == flow::Protocol::tcp && f->tunnel_depth == 0 && f->request.payload_bytes > 0 && f->reply.payload_bytes > 0;
            if (f->observer == watch.observer || !whole) { continue; }
            const bool within = views_.translate(f->first, f->observer, watch.observer) >= watch.interval.from + kMargin &&
                                views_.translate(f->last, f->observer, watch.observer) <= watch.interval.to - kMargin;
            if (within && views_.seen_by(*f, watch.observer) == nullptr) { return f; }
        }
        return nullptr;
    }

    void finish() {
        std::ranges::stable_sort(result_.trails, [](const Trail& a, const Trail& b) { return a.probability > b.probability; });
        double total = 0;
        for (const auto& t : result_.trails) { total += t.probability; }
        while (!queue_.empty()) {  // mass of trails that were cut off counts against those shown
            total += queue_.top().mass;
            queue_.pop();
        }
        for (auto& t : result_.trails) { t.probability = total > 0 ? t.probability / total : 0; }
        if (result_.trails.size() > options_.max_trails) { result_.trails.resize(options_.max_trails); }
        if (!result_.trails.empty()) {
            double worst = 0;
            for (const auto& h : result_.trails.front().hops) { worst = std::max(worst, h.link.p); }
            result_.expected_false_accusations = worst * static_cast<double>(result_.pairs_tested);
        }
        result_.clocks = views_.clocks();
    }

    const flow::FlowSource& source_;
    const TraceOptions& options_;
    const Views& views_;
    std::priority_queue<State, std::vector<State>, Less> queue_;
    std::uint64_t created_ = 0;
    TraceResult result_;
};

/// The flows at the victim that the query fits; one view of each.
Result<std::vector<const flow::Flow*>> attack_flows(const flow::FlowSource& source, const TraceQuery& query, const Views& views) {
    constexpr Duration kSlack = std::chrono::seconds(2);
    HW_TRY(const auto all, source.flows_of(query.victim.address, source.interval()));
    // Of several views of one conversation, that of an observer who watches the victim itself is the one to start from.
    std::vector<flow::ObserverId> ranked;
    for (const auto& c : source.coverage()) {
        if (c.address == query.victim.address) { ranked.push_back(c.observer); }
    }
    for (std::size_t i = 0; i < source.observers().size(); ++i) { ranked.push_back(static_cast<flow::ObserverId>(i)); }
    const auto first_view = [&](const flow::Flow& f) {
        for (const auto observer : ranked) {
            if (const auto* view = views.seen_by(f, observer)) { return view; }
        }
        return &f;
    };
    std::vector<const flow::Flow*> found;
    for (const auto* f : all) {
        const bool victim_serves = f->server.address == query.victim.address;
        const auto& own = victim_serves ? f->server : f->client;
        const auto& peer = victim_serves ? f->client : f->server;
        if (query.victim.port != net::Port{} && own.port != query.victim.port) { continue; }
        if (query.peer && peer.address != *query.peer) { continue; }
        if (query.at && !Interval{f->first - kSlack, f->last + kSlack}.overlaps(*query.at)) { continue; }
        if (peer.address.is_group() || f->request.packets + f->reply.packets == 0) { continue; }
        if (first_view(*f) == f) { found.push_back(f); }
    }
    return found;
}

/// How likely a flow is to be the attack before anything else is known: more for volume, for an answer that was given.
double start_weight(const flow::Flow& f) {
    const double volume = std::log1p(static_cast<double>(f.request.payload_bytes + f.reply.payload_bytes));
    return (1 + volume) * (f.reply.packets > 0 ? 1 : 0.05);
}

}  // namespace

Result<TraceResult> trace(const flow::FlowSource& source, const TraceQuery& query, const TraceOptions& options) {
    HW_TRY(const auto views, Views::build(source));
    HW_TRY(auto flows, attack_flows(source, query, views));
    std::ranges::stable_sort(flows, [](const auto* a, const auto* b) { return start_weight(*a) > start_weight(*b); });
    const bool cut = flows.size() > options.max_starts;
    if (cut) { flows.resize(options.max_starts); }
    double total = 0;
    for (const auto* f : flows) { total += start_weight(*f); }
    std::vector<State> starts;
    for (const auto* f : flows) {
        State s;
        s.mass = start_weight(*f) / total;
        s.attack = f;
        s.action = f;
        s.host = other_end(*f, query.victim.address);
        s.downstream = {query.victim.address};
        starts.push_back(std::move(s));
    }
    HW_TRY(auto result, Search(source, options, views).run(std::move(starts)));
    result.truncated = result.truncated || cut;
    return result;
}

std::string_view to_string(EndingKind kind) {
    switch (kind) {
        case EndingKind::source: return "source";
        case EndingKind::relay_upstream_unseen: return "relay-upstream-unseen";
        case EndingKind::lost: return "lost";
    }
    return "lost";
}

std::string_view to_string(Control control) { return control == Control::forward ? "forward" : "call-back"; }

}  // namespace hw::trace
