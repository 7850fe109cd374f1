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

/// The same for both views of a conversation, whoever is taken for the client.
std::uint64_t conversation_key(const flow::Flow& flow) {
    const auto& [low, high] = std::minmax(flow.client, flow.server);
    const std::hash<net::Endpoint> hash;
    return hash(low) * 0x9e37'79b9'7f4a'7c15ULL ^ hash(high) ^ flow::number(flow.protocol);
}

bool same_conversation(const flow::Flow& a, const flow::Flow& b) {
    return a.protocol == b.protocol && std::minmax(a.client, a.server) == std::minmax(b.client, b.server);
}

}  // namespace

Result<Views> Views::build(const flow::FlowSource& source) {
    Views views;
    const std::size_t observers = source.observers().size();
    if (observers > 1) {
        HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& f) {
            views.entries_.push_back({conversation_key(f), &f});
            return true;
        }));
        std::ranges::stable_sort(views.entries_, {}, &Entry::key);
    }
    views.estimate_clocks(observers);
    return views;
}

std::span<const Views::Entry> Views::same_key(std::uint64_t key) const {
    const auto range = std::ranges::equal_range(entries_, key, {}, &Entry::key);
    return {range.begin(), range.end()};
}

void Views::estimate_clocks(std::size_t observers) {
    // Differences of first packets, a pair of observers; only conversations that each saw exactly once are safe.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<Duration>> differences;
    for (std::size_t begin = 0, end = 0; begin < entries_.size(); begin = end) {
        while (end < entries_.size() && entries_[end].key == entries_[begin].key) { ++end; }
        constexpr std::size_t kMostViews = 64;  // of one key; more is port reuse, which says nothing of clocks
        if (end - begin < 2 || end - begin > kMostViews) { continue; }
        const std::span<const Entry> views(&entries_[begin], end - begin);
        const auto once = [&](const flow::Flow& flow) {
            return std::ranges::count_if(views, [&](const Entry& e) { return e.flow->observer == flow.observer; }) == 1;
        };
        for (const auto& [key_a, a] : views) {
            for (const auto& [key_b, b] : views) {
                if (a->observer >= b->observer || !same_conversation(*a, *b) || !once(*a) || !once(*b)) { continue; }
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
    const flow::Flow* best = nullptr;
    Duration nearest = kSameFlow;
    const Time expected = translate(flow.first, flow.observer, observer);
    for (const auto& [key, other] : same_key(conversation_key(flow))) {
        if (other->observer != observer || !same_conversation(*other, flow)) { continue; }
        const Duration apart = std::chrono::abs(other->first - expected);
        if (apart <= nearest && (best == nullptr || apart < nearest || other->id < best->id)) {
            best = other;
            nearest = apart;
        }
    }
    return best;
}

}  // namespace hw::trace
