#include "trace/views.hpp"

#include <algorithm>
#include <map>
#include <tuple>
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
        std::ranges::stable_sort(views.entries_, {}, [](const Entry& e) { return std::tuple(e.key, e.flow->observer, e.flow->first, e.flow->id); });
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
    const auto all = same_key(conversation_key(flow));
    const auto own = std::ranges::equal_range(all, observer, {}, [](const Entry& e) { return e.flow->observer; });
    const auto first_of = [](const Entry& e) { return e.flow->first; };
    // One pair of ends may hold conversations without number, so only the nearest in time on either side are looked at; of those
    // that begin at one moment the one of least id.
    const Time expected = translate(flow.first, flow.observer, observer);
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
