#pragma once

#include "flow/source.hpp"
#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

/// Which hosts each observer sees from both sides, judged from the packets alone. Careful on purpose, because a host
/// that is wrongly believed to be covered could wrongly be called a source; where the packets do not decide, no host is covered
/// and the operator may declare it.
///
/// A host counts as covered by an observer when all of these hold:
/// - its packets arrive with an initial TTL (64, 128 or 255: no router in between), in every flow in which it says something
///   and is answered;
/// - it is *near*: it answered a SYN, or acknowledged a SYN-ACK, within 5 ms of the sensor's seeing it. TTLs can be forged;
///   an answer before the question has arrived cannot (the numbers of both are checked when the handshake is read);
/// - the interface (MAC address) that its packets came from does not also send those of hosts beyond a router;
/// - and either it is an end of every conversation that the observer holds (of its address family), with at least two
///   different peers of which one is beyond a router or which are on different interfaces: a capture on the host itself; or no host
///   is nearly that, and it is in full conversation with a host that is beyond a router: a capture on its segment. Where no two
///   covered hosts of the segment are seen in conversation with each other, the basis is `segment`: a router's interface,
///   which neighbours' words to each other pass by.
///
/// Only full conversations count: TCP with SYN and SYN-ACK, or two packets or more each way with payload; never ICMP, group
/// addresses, loopback, or what was found inside a tunnel, which anybody could have put there. Sampled flows tell nothing.
/// What no packet can tell: a second interface of the host that this observer does not see.
///
/// Zeek logs: hosts marked local, where the same log has them in conversation with a host that is not.
[[nodiscard]] std::vector<CoveredHost> infer_coverage(std::span<const Observer> observers, std::span<const Flow> flows);

}  // namespace hw::flow
