#pragma once

#include "flow/source.hpp"
#include "net/prefix.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hw::flow {

/// An operator's word that an observer sees all traffic of the hosts in `prefix`.
struct DeclaredCoverage {
    std::optional<std::string> observer;  ///< Name; absent: every observer that holds a flow of the host.
    net::Prefix prefix;
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

/// The same out of flows that come one by one, in any order. Memory grows with the pairs of hosts that speak, not with the flows.
class CoverageGatherer {
public:
    /// Whether the sensor saw an end's packets before a router changed their TTL.
    enum class Place : std::uint8_t { untold, here, beyond };
    struct Side {
        Place place = Place::untold;
        std::uint32_t interface = 0;        ///< Its packets' link-layer sender; 0 where unknown or mixed.
        Duration fastest = Duration::max(); ///< Its quickest answer in a handshake.
    };
    /// Conversations of two hosts that tell the same.
    struct Talk {
        ObserverId observer{};
        net::Address client;
        net::Address server;
        std::uint64_t flows = 0;
        Side of_client;
        Side of_server;
    };

    void add(const Flow& flow);
    /// The hosts covered, with the observers' intervals; ordered by address, then observer. Once, last.
    [[nodiscard]] std::vector<CoveredHost> take(std::span<const Observer> observers);
    /// Whether the flow has what coverage can rest on: an observer none of whose flows has covers nobody.
    [[nodiscard]] static bool tells(const Flow& flow);

private:
    void fold();

    std::vector<Talk> talks_;
    std::size_t limit_ = std::size_t{1} << 16U;
    std::set<std::pair<ObserverId, net::Address>> local_;
};

/// Of several reasons to believe an observer sees all of a host only the first: what is declared goes before what is inferred. In
/// order of address, then observer.
[[nodiscard]] std::vector<CoveredHost> first_basis(std::vector<CoveredHost> coverage);

}  // namespace hw::flow
