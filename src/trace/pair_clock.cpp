#include "trace/pair_clock.hpp"

#include <algorithm>
#include <tuple>

namespace hw::trace {

namespace {
namespace pair_clocks {

constexpr Duration kDensest = std::chrono::seconds(1);
constexpr std::size_t kFewestOffsets = 3;

Duration median(std::span<Duration> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

PairClock median_clock(std::vector<Duration> offsets, ClockBasis basis) {
    PairClock clock{.ahead = median(offsets), .basis = basis, .support = offsets.size()};
    for (auto& o : offsets) { o = std::chrono::abs(o - clock.ahead); }
    clock.spread = median(offsets);
    return clock;
}

struct Conversation {
    net::Endpoint low;
    net::Endpoint high;
    flow::Protocol protocol{};
    Time first;
    [[nodiscard]] auto key() const { return std::tie(low, high, protocol); }
};

/// All conversations of a side that occur once, in order of their ends.
std::vector<Conversation> once_each(const PairSide& side) {
    std::vector<Conversation> all;
    for (const auto* flows : {&side.courses, &side.records}) {
        for (const PairFlow& f : *flows) {
            const auto& [low, high] = std::minmax(f.flow->client, f.flow->server);
            all.push_back({low, high, f.flow->protocol, f.interval().from});
        }
    }
    std::ranges::sort(all, [](const auto& x, const auto& y) { return x.key() < y.key(); });
    std::vector<Conversation> once;
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        while (end < all.size() && all[end].key() == all[begin].key()) { ++end; }
        if (end - begin == 1) { once.push_back(all[begin]); }
    }
    return once;
}

}  // namespace pair_clocks
}  // namespace

std::string_view to_string(ClockBasis basis) {
    switch (basis) {
        case ClockBasis::unknown: return "unknown";
        case ClockBasis::given: return "given";
        case ClockBasis::shared_flows: return "shared-flows";
        case ClockBasis::lags: return "lags";
    }
    return "unknown";
}

PairClock clock_from_shared(const PairSide& a, const PairSide& b) {
    const auto of_a = pair_clocks::once_each(a);
    const auto of_b = pair_clocks::once_each(b);
    std::vector<Duration> differences;
    for (std::size_t i = 0, j = 0; i < of_a.size() && j < of_b.size();) {
        if (of_a[i].key() < of_b[j].key()) { ++i; }
        else if (of_b[j].key() < of_a[i].key()) { ++j; }
        else { differences.push_back(of_b[j++].first - of_a[i++].first); }
    }
    if (differences.empty()) { return {}; }
    return pair_clocks::median_clock(std::move(differences), ClockBasis::shared_flows);
}

PairClock clock_from_offsets(std::vector<Duration> offsets) {
    using namespace pair_clocks;
    std::ranges::sort(offsets);
    std::size_t best = 0;
    std::size_t most = 0;
    for (std::size_t i = 0, j = 0; i < offsets.size(); ++i) {
        while (j < offsets.size() && offsets[j] - offsets[i] <= kDensest) { ++j; }
        if (j - i > most) {
            most = j - i;
            best = i;
        }
    }
    if (most < kFewestOffsets || 3 * most < offsets.size()) { return {}; }
    const auto begin = offsets.begin() + static_cast<std::ptrdiff_t>(best);
    return median_clock({begin, begin + static_cast<std::ptrdiff_t>(most)}, ClockBasis::lags);
}

}  // namespace hw::trace
