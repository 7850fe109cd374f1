#pragma once

#include "flow/coverage.hpp"
#include "flow/source.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::flow {

/// Flows held in memory: what a run over captures or logs given on the command line works on.
class MemorySource final : public FlowSource {
public:
    /// Takes flows of any order; `flow.observer` indexes `observers`, whose intervals are widened to hold their flows. Sorts
    /// the flows, indexes them by host and works out the coverage from `declared`, the logs and the packets.
    MemorySource(std::vector<Observer> observers, std::vector<Flow> flows, std::span<const DeclaredCoverage> declared = {});

    [[nodiscard]] Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const override;
    [[nodiscard]] Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] Result<void> visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] std::span<const Observer> observers() const override { return observers_; }
    [[nodiscard]] std::span<const CoveredHost> coverage() const override { return coverage_; }
    [[nodiscard]] Interval interval() const override { return interval_; }
    [[nodiscard]] std::span<const Flow> flows() const { return flows_; }

private:
    std::vector<Observer> observers_;
    std::vector<Flow> flows_;
    /// Either end of every flow, ordered by address, then by the flow's place. Sorted, not hashed: whoever makes the packets
    /// chooses the addresses.
    struct HostRow {
        net::Address address;
        std::uint32_t flow = 0;
        Time latest;  // last packet of this flow and of all before it of this host: where to begin for a window
    };
    std::vector<HostRow> by_host_;
    std::vector<CoveredHost> coverage_;
    Interval interval_;
};

}  // namespace hw::flow
