#include "flow/memory_source.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace hw::flow {
namespace {
namespace memory_detail {

/// What the operator has said, for the hosts that occur.
std::vector<CoveredHost> declared_coverage(std::span<const DeclaredCoverage> declared, std::span<const Observer> observers,
                                           std::span<const Flow> flows) {
    std::vector<CoveredHost> out;
    if (declared.empty()) { return out; }
    std::set<std::pair<net::Address, ObserverId>> hosts;
    for (const Flow& flow : flows) {
        hosts.emplace(flow.client.address, flow.observer);
        hosts.emplace(flow.server.address, flow.observer);
    }
    for (const auto& [address, id] : hosts) {
        const Observer& observer = observers[static_cast<std::size_t>(id)];
        const bool said = std::ranges::any_of(declared, [&](const DeclaredCoverage& d) {
            return d.prefix.contains(address) && (!d.observer || *d.observer == observer.name);
        });
        if (said) { out.push_back({.address = address, .observer = id, .interval = observer.interval, .basis = CoverageBasis::declared}); }
    }
    return out;
}

}  // namespace memory_detail
}  // namespace

MemorySource::MemorySource(std::vector<Observer> observers, std::vector<Flow> flows, std::span<const DeclaredCoverage> declared)
    : observers_(std::move(observers)), flows_(std::move(flows)) {
    std::ranges::sort(flows_, [](const Flow& a, const Flow& b) {
        return std::tie(a.first, a.id, a.observer, a.tunnel_depth, a.last) < std::tie(b.first, b.id, b.observer, b.tunnel_depth, b.last);
    });
    by_host_.reserve(flows_.size() * 2);
    std::vector<bool> seen(observers_.size(), false);
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        const Flow& flow = flows_[i];
        by_host_.push_back({.address = flow.client.address, .flow = static_cast<std::uint32_t>(i), .latest = flow.last});
        if (flow.server.address != flow.client.address) {
            by_host_.push_back({.address = flow.server.address, .flow = static_cast<std::uint32_t>(i), .latest = flow.last});
        }
        const auto id = static_cast<std::size_t>(flow.observer);
        if (id >= observers_.size()) {  // a caller's slip must not become a stray read
            observers_.resize(id + 1);
            seen.resize(id + 1, false);
        }
        Interval& interval = observers_[id].interval;
        const bool unset = !seen[id] && interval == Interval{};
        interval.from = unset ? flow.first : std::min(interval.from, flow.first);
        interval.to = unset ? flow.last : std::max(interval.to, flow.last);
        seen[id] = true;
    }
    std::ranges::sort(by_host_, [](const HostRow& a, const HostRow& b) { return std::tie(a.address, a.flow) < std::tie(b.address, b.flow); });
    for (std::size_t i = 1; i < by_host_.size(); ++i) {
        if (by_host_[i].address == by_host_[i - 1].address) { by_host_[i].latest = std::max(by_host_[i].latest, by_host_[i - 1].latest); }
    }
    bool any = false;
    for (const Observer& observer : observers_) {
        if (observer.interval == Interval{}) { continue; }
        interval_.from = any ? std::min(interval_.from, observer.interval.from) : observer.interval.from;
        interval_.to = any ? std::max(interval_.to, observer.interval.to) : observer.interval.to;
        any = true;
    }
    // Declared comes before inferred where both know a host.
    coverage_ = memory_detail::declared_coverage(declared, observers_, flows_);
    auto inferred = infer_coverage(observers_, flows_);
    coverage_.insert(coverage_.end(), inferred.begin(), inferred.end());
    coverage_ = first_basis(std::move(coverage_));
}

Result<std::vector<const Flow*>> MemorySource::flows_of(const net::Address& host, Interval interval) const {
    std::vector<const Flow*> out;
    const auto rows = std::ranges::equal_range(by_host_, host, {}, &HostRow::address);
    for (auto row = std::ranges::lower_bound(rows, interval.from, {}, &HostRow::latest); row != rows.end(); ++row) {
        const Flow& flow = flows_[row->flow];
        if (flow.first > interval.to) { break; }  // in order of first packet
        if (flow.last >= interval.from) { out.push_back(&flow); }
    }
    return out;
}

Result<void> MemorySource::visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const {
    for (const HostRow& row : std::ranges::equal_range(by_host_, host, {}, &HostRow::address)) {
        if (!visit(flows_[row.flow])) { break; }
    }
    return {};
}

Result<void> MemorySource::scan(Interval interval, const std::function<bool(const Flow&)>& visit) const {
    for (const Flow& flow : flows_) {
        if (flow.first > interval.to) { break; }
        if (flow.last >= interval.from && !visit(flow)) { break; }
    }
    return {};
}

}  // namespace hw::flow
