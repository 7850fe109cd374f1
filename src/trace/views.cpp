#include "trace/views.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace hw::trace {

namespace {
constexpr Duration kSameFlow = std::chrono::seconds(10);

std::size_t observer_index(flow::ObserverId id) { return static_cast<std::size_t>(id); }

Duration median_of(std::vector<Duration> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}
}  // namespace

std::size_t Views::ConversationHash::operator()(const Conversation& c) const noexcept {
    return std::hash<net::Endpoint>{}(c.low) * 1'000'003U ^ std::hash<net::Endpoint>{}(c.high) ^ flow::number(c.protocol);
}

Views::Conversation Views::conversation(const flow::Flow& flow) {
    return {std::min(flow.client, flow.server), std::max(flow.client, flow.server), flow.protocol};
}

Result<Views> Views::build(const flow::FlowSource& source) {
    Views views;
    HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& f) {
        views.flows_[conversation(f)].push_back(&f);
        return true;
    }));
    views.estimate_clocks(source.observers().size());
    return views;
}

void Views::estimate_clocks(std::size_t observers) {
    // Differences of first packets, a pair of observers; only conversations that each saw exactly once are safe.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<Duration>> differences;
    for (const auto& [key, flows] : flows_) {
        if (flows.size() < 2 || flows.size() > 8) { continue; }
        for (const auto* a : flows) {
            for (const auto* b : flows) {
                if (a->observer >= b->observer) { continue; }
                const auto same = [](const flow::Flow* x) { return [x](const flow::Flow* y) { return y->observer == x->observer; }; };
                if (std::ranges::count_if(flows, same(a)) != 1 || std::ranges::count_if(flows, same(b)) != 1) { continue; }
                differences[{observer_index(a->observer), observer_index(b->observer)}].push_back(b->first - a->first);
            }
        }
    }
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
            for (const auto& [pair, values] : differences) {
                if (known[pair.first] != known[pair.second] && values.size() > most) {
                    most = values.size();
                    best = pair;
                }
            }
            if (most == 0) { break; }
            const Duration difference = median_of(differences[best]);
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
    const auto found = flows_.find(conversation(flow));
    if (found == flows_.end()) { return nullptr; }
    const flow::Flow* best = nullptr;
    Duration nearest = kSameFlow;
    const Time expected = translate(flow.first, flow.observer, observer);
    for (const auto* other : found->second) {
        if (other->observer != observer) { continue; }
        const Duration apart = std::chrono::abs(other->first - expected);
        if (apart <= nearest && (best == nullptr || apart < nearest || other->id < best->id)) {
            best = other;
            nearest = apart;
        }
    }
    return best;
}

}  // namespace hw::trace
