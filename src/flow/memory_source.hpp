#pragma once

#include "flow/source.hpp"
#include "net/prefix.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace hw::flow {

/// An operator's word that an observer sees all traffic of the hosts in `prefix`.
struct DeclaredCoverage {
    std::optional<std::string> observer;  ///< Name; absent: every observer that holds a flow of the host.
    net::Prefix prefix;
};

/// Flows held in memory: what a run over captures or logs given on the command line works on.
class MemorySource final : public FlowSource {
public:
    /// Takes flows of any order; `flow.observer` indexes `observers`. Sorts them, indexes them by host and works out
    /// the coverage from `declared`, the logs and the packets.
    MemorySource(std::vector<Observer> observers, std::vector<Flow> flows, std::span<const DeclaredCoverage> declared = {});

    [[nodiscard]] Result<std::vector<const Flow*>> flows_of(const net::Address& host, Interval interval) const override;
    [[nodiscard]] Result<void> scan(Interval interval, const std::function<bool(const Flow&)>& visit) const override;
    [[nodiscard]] std::span<const Observer> observers() const override { return observers_; }
    [[nodiscard]] std::span<const CoveredHost> coverage() const override { return coverage_; }
    [[nodiscard]] Interval interval() const override { return interval_; }
    [[nodiscard]] std::span<const Flow> flows() const { return flows_; }

private:
    std::vector<Observer> observers_;
    std::vector<Flow> flows_;
    std::unordered_map<net::Address, std::vector<std::uint32_t>> by_host_;
    std::vector<CoveredHost> coverage_;
    Interval interval_;
};

/// Which hosts each observer sees from both sides, judged from the packets alone. Careful on purpose, because a host
/// that is wrongly believed to be covered could wrongly be called a source:
/// a host counts as covered by an observer when its packets arrive there with an initial TTL (64, 128 or 255: no router
/// in between), and either it is an end of every flow that the observer holds (a capture on the host itself) or it is
/// seen in full conversation with a host that is beyond a router (a capture on its segment, not merely a neighbour's).
/// Zeek logs: hosts marked local, where the same log has them in conversation with a host that is not.
[[nodiscard]] std::vector<CoveredHost> infer_coverage(std::span<const Observer> observers, std::span<const Flow> flows);

}  // namespace hw::flow
