#include "trace/trail.hpp"

#include "trace/ask.hpp"
#include "trace/calibration.hpp"
#include "trace/ending.hpp"
#include "trace/hop.hpp"
#include "trace/multiple_testing.hpp"
#include "trace/views.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <queue>
#include <tuple>

namespace hw::trace {

namespace {

constexpr double kMassThatMatters = 0.01;   // left unfollowed when the search ends, it counts as cut short
constexpr Duration kAftermath = std::chrono::seconds(120);
constexpr double kLeastMass = 1e-6;         // trails less likely than this are not followed

struct State {
    double mass = 1;
    double support = 0;  // ln: how much likelier the trail so far makes what was seen at its hosts
    const flow::Flow* attack = nullptr;
    const flow::Flow* action = nullptr;  // to be explained, in the view of the observer it was last found by
    net::Address host;                   // the action flow's end away from the victim
    std::vector<Hop> hops;
    std::set<net::Address> downstream;
    std::uint64_t order = 0;             // of creation: breaks ties the same way on every run
};

/// What the trail's hosts say for it, one more host judged. That a host's own deeds are well explained by somebody upstream
/// makes it a likelier master than one that shows nothing of the kind. Orders and totals only: a relay's flows fit each other
/// whichever of them was the attack. Hops are weighed by the same, possibly too sure, constants, so it counts in part; and never
/// beyond a limit, or a roundabout way would win by its length.
double add_support(double support, const HopResult& hop) {
    if (hop.linked.flow->activity.fine()) { return support; }
    const double most = std::log(kCalibration.most_support.ratio());
    return std::clamp(support + kCalibration.support_share * hop.log_evidence_of_orders, -most, most);
}

/// Whether `shorter` is `longer` with hosts left out between the first and where it ends.
bool is_shortcut(const Trail& shorter, const Trail& longer) {
    if (shorter.attack != longer.attack || shorter.ending.address != longer.ending.address || shorter.hops.empty() ||
        shorter.hops.size() >= longer.hops.size() || shorter.hops.front().relay != longer.hops.front().relay) {
        return false;
    }
    auto at = longer.hops.begin();
    return std::ranges::all_of(shorter.hops, [&](const Hop& hop) {
        at = std::find_if(at, longer.hops.end(), [&](const Hop& other) { return other.relay == hop.relay; });
        return at != longer.hops.end();
    });
}

struct Less {
    bool operator()(const State& a, const State& b) const { return a.mass != b.mass ? a.mass < b.mass : a.order > b.order; }
};

/// The covering observer's own view of the host: who watches, and the action flow as they saw it.
struct CoveredView {
    const flow::CoveredHost* covered = nullptr;
    const flow::Flow* action = nullptr;
};

class Search {
public:
    Search(const flow::FlowSource& source, const TraceOptions& options, Views& views, const Contacts& contacts)
        : source_(source), options_(options), views_(views), contacts_(contacts) {}

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
        supports_.push_back(state.support);
        trail.ending = {kind, state.host, state.mass > 0 ? mass / state.mass : 0, std::move(reason)};
        result_.trails.push_back(std::move(trail));
    }

    /// The addresses of the box that an address belongs to: itself alone, unless the operator said more.
    [[nodiscard]] std::vector<net::Address> box_of(const net::Address& address) const {
        for (const auto& box : options_.boxes) {
            if (std::ranges::find(box, address) != box.end()) { return box; }
        }
        return {address};
    }

    [[nodiscard]] CoveredView covered_view(const State& state, const std::vector<net::Address>& box) const {
        CoveredView best;
        for (const auto& c : source_.coverage()) {
            if (std::ranges::find(box, c.address) == box.end()) { continue; }
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
        const std::vector<net::Address> box = box_of(state.host);
        const CoveredView view = covered_view(state, box);
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
        input.host = box;
        input.action = view.action;
        input.seen = view.covered->interval;
        input.downstream = state.downstream;
        input.contacts = &contacts_;
        HW_CHECK(gather_flows(input, view));
        HopResult hop = explain_action(input, options_.link);
        result_.pairs_tested += hop.pairs;
        for (auto& link : hop.linked.candidates) { tested_.push_back(link.p); }
        if (hop.interrupted) {
            result_.interrupted = true;
            end(state, EndingKind::lost, state.mass, "the search was stopped while this host was being looked at");
            return {};
        }
        State seen = state;
        seen.support = add_support(seen.support, hop);
        for (const auto& link : hop.linked.candidates) {
            const double mass = state.mass * link.posterior;
            if (mass < kLeastMass || link.posterior < 1e-4) { continue; }
            State next = seen;
            next.mass = mass;
            next.hops.push_back({state.host, link, view.covered->observer, hop.linked.candidates.size(), other_clients(input, link)});
            next.downstream.insert(box.begin(), box.end());
            next.action = link.inbound;
            next.host = far_end(*link.inbound, box);
            push(std::move(next));
        }
        auto [kind, reason] = judge_ending({state.host, input, hop, *view.covered}, source_, views_);
        HW_CHECK(views_.failure());  // what could not be looked up must not pass for what is not there
        HW_CHECK(contacts_.failure());
        end(seen, kind, state.mass * hop.linked.none, std::move(reason));
        return {};
    }

    /// The flows of the box as the covering observer saw them, and, where the box has several addresses, what the
    /// observers of the others saw besides.
    Result<void> gather_flows(HopInput& input, const CoveredView& view) const {
        // What came after tells the sequence channel of a partner's rhythm, and of what was sent back.
        const Interval when{view.action->first - options_.link.lookback, view.action->last + std::max(options_.link.max_lag, kAftermath)};
        for (const auto& address : input.host) {
            HW_TRY(const auto flows, source_.flows_of(address, when));
            std::set<flow::ObserverId> watching;
            for (const auto& c : source_.coverage()) {
                if (c.address == address) { watching.insert(c.observer); }
            }
            for (const auto* f : flows) {
                const bool own = f->observer == view.covered->observer;
                const bool side = !own && input.host.size() > 1 && watching.contains(f->observer) && views_.seen_by(*f, view.covered->observer) == nullptr;
                if (own || side) { input.flows.push_back(f); }
            }
        }
        if (input.host.size() > 1) {  // a flow between two of its addresses came up twice
            std::ranges::sort(input.flows, [](const auto* a, const auto* b) {
                return std::tie(a->first, a->id, a->observer) < std::tie(b->first, b->id, b->observer);
            });
            const auto twice = std::ranges::unique(input.flows);
            input.flows.erase(twice.begin(), twice.end());
        }
        return {};
    }

    /// Clients of the service that the control flow came in on, but for its own; a call-back came in on none.
    [[nodiscard]] static std::size_t other_clients(const HopInput& input, const Link& link) {
        if (link.control == Control::call_back) { return 0; }
        std::set<net::Address> clients;
        for (const auto* f : input.flows) {
            if (f->server == link.inbound->server && f->protocol == link.inbound->protocol) { clients.insert(f->client.address); }
        }
        clients.erase(link.inbound->client.address);
        return clients.size();
    }

    void finish() {
        support_trails();
        std::ranges::stable_sort(result_.trails, [](const Trail& a, const Trail& b) { return a.probability > b.probability; });
        double total = 0;
        for (const auto& t : result_.trails) { total += t.probability; }
        while (!queue_.empty()) {  // mass of trails that were cut off counts against those shown
            total += queue_.top().mass * std::exp(queue_.top().support);
            queue_.pop();
        }
        for (auto& t : result_.trails) { t.probability = total > 0 ? t.probability / total : 0; }
        result_.asks = rank_asks(result_.trails, options_.link.max_lag);
        if (result_.trails.size() > options_.max_trails) { result_.trails.resize(options_.max_trails); }
        if (!result_.trails.empty()) {
            double worst = 0;
            for (const auto& h : result_.trails.front().hops) { worst = std::max(worst, h.link.p); }
            result_.expected_false_accusations = worst * static_cast<double>(result_.pairs_tested);
        }
        correct_for_testing();
        result_.clocks = views_.clocks();
    }

    /// Gives each trail what its hosts say for it. Where a host calls its controller itself, that of a longer trail which leaves
    /// the same hosts in the same order and ends at the same address counts for it too: who brought the tool is as much driven
    /// from there, whether or not the orders still come through it.
    void support_trails() {
        for (std::size_t i = 0; i < result_.trails.size(); ++i) {
            auto& trail = result_.trails[i];
            double support = supports_[i];
            for (std::size_t j = 0; j < result_.trails.size(); ++j) {
                if (supports_[j] > support && is_shortcut(trail, result_.trails[j])) { support = supports_[j]; }
            }
            trail.probability *= std::exp(support);
        }
    }

    /// A pair's q by its p: the same for pairs of one p.
    void correct_for_testing() {
        const auto q = q_values(tested_);
        std::map<double, double> q_of;
        for (std::size_t i = 0; i < q.size(); ++i) { q_of[tested_[i]] = q[i]; }
        for (auto& t : result_.trails) {
            for (auto& h : t.hops) { h.link.q = q_of[h.link.p]; }
        }
    }

    const flow::FlowSource& source_;
    const TraceOptions& options_;
    Views& views_;
    const Contacts& contacts_;
    std::priority_queue<State, std::vector<State>, Less> queue_;
    std::vector<double> supports_;  // of the trails found, in their order
    std::uint64_t created_ = 0;
    std::vector<double> tested_;  // p of every pair compared
    TraceResult result_;
};

/// The flows at the victim that the query fits; one view of each.
Result<std::vector<const flow::Flow*>> attack_flows(const flow::FlowSource& source, const TraceQuery& query, Views& views) {
    constexpr Duration kSlack = std::chrono::seconds(2);
    constexpr Duration kOtherViews = std::chrono::minutes(1);
    Interval when = source.interval();
    if (query.at) {
        // As far as clocks may differ, and to where another view of the same conversation may begin.
        Duration apart{0};
        for (const auto& a : views.clocks()) {
            for (const auto& b : views.clocks()) { apart = std::max(apart, a.ahead - b.ahead); }
        }
        when = {std::max(when.from, query.at->from - kSlack - kOtherViews - apart), std::min(when.to, query.at->to + kSlack + kOtherViews + apart)};
    }
    HW_TRY(const auto all, source.flows_of(query.victim.address, when));
    const bool whole = when == source.interval();
    views.know(query.victim.address, whole ? kAlways : when, all);
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
    HW_CHECK(views.failure());
    return found;
}

/// How likely a flow is to be the attack before anything else is known: more for volume, for an answer that was given.
double start_weight(const flow::Flow& f) {
    // NetFlow counts no payload: what exceeds the headers stands for it there.
    constexpr std::uint64_t kHeaders = 60;
    const std::uint64_t bytes = f.request.bytes + f.reply.bytes;
    const std::uint64_t counted = f.request.payload_bytes + f.reply.payload_bytes;
    const std::uint64_t payload = counted != 0 ? counted : bytes - std::min(bytes, kHeaders * (f.request.packets + f.reply.packets));
    const double volume = std::log1p(static_cast<double>(payload));
    return (1 + volume) * (f.reply.packets > 0 ? 1 : 0.05);
}

}  // namespace

Result<TraceResult> trace(const flow::FlowSource& source, const TraceQuery& query, const TraceOptions& options) {
    HW_TRY(auto views, Views::build(source));
    const Contacts contacts(source);
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
        s.host = far_end(*f, std::span(&query.victim.address, 1));
        s.downstream = {query.victim.address};
        starts.push_back(std::move(s));
    }
    HW_TRY(auto result, Search(source, options, views, contacts).run(std::move(starts)));
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
