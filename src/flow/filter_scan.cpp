#include "flow/filter_scan.hpp"

#include <algorithm>
#include <tuple>

namespace hw::flow {
namespace {
namespace filter_scanning {

constexpr std::size_t kMostLookUps = 256;

/// The addresses, where the bounds are a handful of single hosts.
std::optional<std::vector<net::Address>> single_hosts(const FilterBounds& bounds) {
    if (!bounds.hosts || bounds.hosts->size() > kMostLookUps) { return std::nullopt; }
    std::vector<net::Address> hosts;
    hosts.reserve(bounds.hosts->size());
    for (const auto& prefix : *bounds.hosts) {
        if (prefix != net::Prefix::host(prefix.address())) { return std::nullopt; }
        hosts.push_back(prefix.address());
    }
    return hosts;
}

}  // namespace filter_scanning
}  // namespace

Result<void> scan_matching(const FlowSource& source, const Interval& window, const FilterBounds& bounds, const FlowMatcher& matcher,
                           const std::function<bool(const Flow&)>& visit) {
    const auto hosts = filter_scanning::single_hosts(bounds);
    if (!hosts) {
        return source.scan_within(bounds, window, [&](const Flow& flow) { return !matcher(flow) || visit(flow); });
    }
    struct Found {
        const Flow* flow = nullptr;
        std::size_t place = 0;  // keeps the order of those that are alike
    };
    std::vector<Found> found;
    for (std::size_t i = 0; i < hosts->size(); ++i) {
        HW_TRY(const auto flows, source.flows_of((*hosts)[i], window));
        const std::span<const net::Address> before(hosts->data(), i);
        for (const Flow* flow : flows) {
            // Between two of the hosts: found with the first of them already.
            const bool again = std::ranges::any_of(before, [&](const auto& host) { return flow->touches(host); });
            if (!again && matcher(*flow)) { found.push_back({flow, found.size()}); }
        }
    }
    if (hosts->size() > 1) {
        std::ranges::sort(found, [](const Found& a, const Found& b) { return std::tie(a.flow->first, a.flow->id, a.place) < std::tie(b.flow->first, b.flow->id, b.place); });
    }
    for (const Found& one : found) {
        if (!visit(*one.flow)) { break; }
    }
    return {};
}

}  // namespace hw::flow
