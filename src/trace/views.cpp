#include "trace/views.hpp"

#include "flow/shared_starts.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace hw::trace {

namespace {
constexpr Duration kSameFlow = std::chrono::seconds(10);

std::size_t observer_index(flow::ObserverId id) { return static_cast<std::size_t>(id); }

bool same_conversation(const flow::Flow& a, const flow::Flow& b) {
    return a.protocol == b.protocol && std::minmax(a.client, a.server) == std::minmax(b.client, b.server);
}

}  // namespace

Result<Views> Views::build(const flow::FlowSource& source) {
    Views views;
    views.source_ = &source;
    HW_TRY(const auto shared, source.shared_starts());
    views.estimate_clocks(source.observers().size(), shared);
    return views;
}

Result<Views> Views::of_all(const flow::FlowSource& source) {
    HW_TRY(auto views, build(source));
    auto& all = views.all_.emplace();
    if (source.observers().size() > 1) {
        HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& f) {
            all.push_back({flow::conversation_key(f), source.keep(f)});
            return true;
        }));
        sort(all);
    }
    return views;
}

void Views::sort(std::vector<Entry>& entries) {
    std::ranges::stable_sort(entries, {}, [](const Entry& e) { return std::tuple(e.key, e.flow->observer, e.flow->first, e.flow->id); });
}

void Views::know(const net::Address& host, Interval when, std::span<const flow::Flow* const> flows) {
    Known& known = known_[host];
    known.when = when;
    known.entries.clear();
    known.entries.reserve(flows.size());
    for (const auto* f : flows) { known.entries.push_back({flow::conversation_key(*f), f}); }
    sort(known.entries);
}

Result<void> Views::failure() const {
    if (failed_) { return std::unexpected(*failed_); }
    return {};
}

std::span<const Views::Entry> Views::views_of(const flow::Flow& flow, Time expected, std::vector<Entry>& own) const {
    if (all_) { return *all_; }
    const Interval near{expected - kSameFlow, expected + kSameFlow};
    for (const auto& address : {flow.client.address, flow.server.address}) {
        const auto at = known_.find(address);
        if (at != known_.end() && at->second.when.from <= near.from && at->second.when.to >= near.to) { return at->second.entries; }
    }
    auto flows = source_->flows_of(flow.client.address, near);
    if (!flows) {
        if (!failed_) { failed_ = std::move(flows).error(); }
        return {};
    }
    for (const auto* f : *flows) {
        if (same_conversation(*f, flow)) { own.push_back({flow::conversation_key(*f), f}); }
    }
    sort(own);
    return own;
}

void Views::estimate_clocks(std::size_t observers, std::span<const flow::SharedStarts> shared) {
    std::map<std::pair<std::size_t, std::size_t>, flow::SharedStarts> differences;
    for (const auto& pair : shared) { differences[{observer_index(pair.a), observer_index(pair.b)}] = pair; }
    clocks_.resize(observers);
    for (std::size_t i = 0; i < observers; ++i) { clocks_[i].observer = static_cast<flow::ObserverId>(i); }
    // From the first observer outward, always along the pair that shares the most flows: a maximum spanning tree.
    std::vector<bool> known(observers, false);
    for (std::size_t root = 0; root < observers; ++root) {
        if (known[root]) { continue; }
        known[root] = true;
        while (true) {
            std::size_t most = 0;
            std::pair<std::size_t, std::size_t> best{};
            for (const auto& [pair, starts] : differences) {
                if (known[pair.first] != known[pair.second] && starts.shared > most) {
                    most = starts.shared;
                    best = pair;
                }
            }
            if (most == 0) { break; }
            const Duration difference = differences[best].apart;
            const bool forward = known[best.first];
            const std::size_t from = forward ? best.first : best.second;
            const std::size_t to = forward ? best.second : best.first;
            clocks_[to].ahead = clocks_[from].ahead + (forward ? difference : -difference);
            clocks_[to].shared_flows = most;
            known[to] = true;
        }
    }
}

Time Views::translate(Time time, flow::ObserverId from, flow::ObserverId to) const {
    return time + (clocks_[observer_index(to)].ahead - clocks_[observer_index(from)].ahead);
}

const flow::Flow* Views::seen_by(const flow::Flow& flow, flow::ObserverId observer) const {
    if (flow.observer == observer) { return &flow; }
    const Time expected = translate(flow.first, flow.observer, observer);
    std::vector<Entry> asked;
    const auto all = views_of(flow, expected, asked);
    const auto own = std::ranges::equal_range(all, std::pair(flow::conversation_key(flow), observer), {}, [](const Entry& e) { return std::pair(e.key, e.flow->observer); });
    const auto first_of = [](const Entry& e) { return e.flow->first; };
    // One pair of ends may hold conversations without number, so only the nearest in time on either side are looked at; of those
    // that begin at one moment the one of least id.
    const auto middle = std::ranges::lower_bound(own, expected, {}, first_of);
    const flow::Flow* before = nullptr;
    for (auto end = middle; before == nullptr && end != own.begin() && expected - first_of(*(end - 1)) <= kSameFlow;) {
        const auto moment = std::ranges::lower_bound(own.begin(), end, first_of(*(end - 1)), {}, first_of);
        for (auto at = moment; before == nullptr && at != end; ++at) { before = same_conversation(*at->flow, flow) ? at->flow : nullptr; }
        end = moment;
    }
    const flow::Flow* after = nullptr;
    for (auto at = middle; after == nullptr && at != own.end() && first_of(*at) - expected <= kSameFlow; ++at) {
        after = same_conversation(*at->flow, flow) ? at->flow : nullptr;
    }
    if (before == nullptr || after == nullptr) { return before == nullptr ? after : before; }
    const Duration since = expected - before->first;
    const Duration until = after->first - expected;
    return since < until || (since == until && before->id < after->id) ? before : after;
}

}  // namespace hw::trace
