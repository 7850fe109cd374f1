#include "trace/sequence_match.hpp"

#include "trace/series.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace hw::trace {

namespace {
constexpr Duration kOrderWindow = std::chrono::seconds(2);
constexpr double kOrdersPrompt = 0.7;   // share of orders that are followed within kOrderWindow
constexpr std::size_t kFewestPolls = 3;
}  // namespace

std::optional<OrderMatch> match_orders(std::span<const flow::Flow* const> flows, const flow::Flow& action, const net::Address& host,
                                       Interval seen, Duration lookback) {
    if (action.client.address != host) { return std::nullopt; }
    const Time begin = std::max(seen.from, action.first - lookback);
    if (action.first - begin < 5 * kOrderWindow) { return std::nullopt; }  // too little rhythm to compare with

    std::set<std::int64_t> spells;  // numbered backward from the action: 0 is the window in question
    OrderMatch match;
    bool opened_by_partner = false;
    std::size_t polls = 0;
    for (const flow::Flow* flow : flows) {
        const auto half = half_of(flow->client.address == host, Role::control, Sense::commands);
        bool spoke = false;
        for (const auto& bin : flow->activity.bins(half)) {
            const Time at = Time::from_micros(bin.index * flow->activity.width().count());
            if (at < begin || at > action.first || bin.packets == 0) { continue; }
            spoke = true;
            const Duration before = action.first - at;
            const std::int64_t spell = before / kOrderWindow;
            spells.insert(spell);
            if (spell == 0 && (match.flow == nullptr || before <= match.before)) {
                match.flow = flow;
                match.before = before;
            }
        }
        if (spoke) {
            opened_by_partner = opened_by_partner || flow->server.address == host;
            ++polls;
        }
    }
    if (spells.empty() || (!opened_by_partner && polls < kFewestPolls)) { return std::nullopt; }
    const double total = std::floor(std::chrono::duration<double>(action.first - begin) / kOrderWindow);
    const double speaking = static_cast<double>(spells.size());
    const double often = std::clamp(speaking / total, 1.0 / total, 1.0 - 0.5 / total);
    const bool ordered = match.flow != nullptr;
    match.llr = Decibans::from_ratio(ordered ? kOrdersPrompt / often : (1 - kOrdersPrompt) / (1 - often));
    if (!ordered) { match.flow = flows.back(); }
    return match;
}

}  // namespace hw::trace
