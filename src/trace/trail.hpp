#pragma once

#include "trace/link.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hw::trace {

/// One relay of a trail with the link found at it.
struct Hop {
    net::Address relay;
    Link link;
    flow::ObserverId observer{};      ///< Whose view of the relay the link rests on.
    std::size_t candidates = 0;       ///< Control flows that were weighed for this hop.
    /// Other clients that used the same service of this relay (the control flow's server end) while the observer watched.
    /// Many of them make it a common relay (a bastion, a proxy, a load balancer), which is a trade and no sign of guilt.
    std::size_t other_clients = 0;
};

/// How a trail ends (DESIGN, section 4).
enum class EndingKind : std::uint8_t {
    source,                 ///< The host's own traffic was seen and nothing upstream fits.
    relay_upstream_unseen,  ///< Nobody who could see the host's other side has been asked.
    lost,                   ///< Nothing decides.
};

/// Where a trail ends, how, and why it is said so.
struct Ending {
    EndingKind kind = EndingKind::lost;
    net::Address address;
    double probability = 0;  ///< Given the hops before it, the chance that the trail ends here and so.
    std::string reason;      ///< In words, with the figures it rests on.
};

/// A request for data that would help: all traffic of a host, over a stretch of time.
struct Ask {
    net::Address address;
    Interval when;    ///< On the clock of the observer who saw the flow that leads to the host.
    double bits = 0;  ///< Expected gain of the answer (ask.hpp).
    friend bool operator==(const Ask&, const Ask&) = default;
};

/// From the victim backward: hop 0 is next to the victim.
struct Trail {
    const flow::Flow* attack = nullptr;  ///< The flow at the victim that the trail starts from.
    std::vector<Hop> hops;
    Ending ending;
    double probability = 0;  ///< Among all trails found, normalised.
};

/// Where to start: the victim, and what is known of the flow that hit it.
struct TraceQuery {
    net::Endpoint victim;               ///< The victim's own end of the flow; port 0: any.
    std::optional<net::Address> peer;   ///< The address on the other end.
    std::optional<Interval> at;         ///< A moment (or stretch) of the attack, by the clock of the victim's observer.
};

/// The bounds of a search; the defaults are those of the documentation.
struct TraceOptions {
    LinkOptions link;
    std::size_t max_hops = 16;
    std::size_t max_trails = 5;
    /// Boxes with several addresses (a NAT, a proxy with an inner and an outer side): each list is one host. What different
    /// observers saw of one box is taken to be timed by one clock.
    std::vector<std::vector<net::Address>> boxes;
    std::size_t max_starts = 16;  ///< Flows at the victim that are followed when the query leaves several.
    /// Called when a host has been worked on: hosts done, hosts waiting, pairs tested.
    std::function<void(std::size_t done, std::size_t waiting, std::uint64_t pairs)> progress;
};

/// How far an observer's clock runs ahead of the first observer's, estimated from flows that both saw.
struct ClockOffset {
    flow::ObserverId observer{};
    Duration ahead{0};
    std::size_t shared_flows = 0;  ///< 0: nothing shared, taken as 0.
};

/// What a search found, and what it cost.
struct TraceResult {
    std::vector<Trail> trails;  ///< Best first.
    std::vector<Ask> asks;      ///< Whose data would help most, best first.
    std::vector<ClockOffset> clocks;
    std::uint64_t pairs_tested = 0;
    double expected_false_accusations = 0;
    bool interrupted = false;   ///< The search was stopped early; what is here holds as far as it goes.
    bool truncated = false;     ///< A limit (hops, starts) was reached.
};

/// Follows the attack flow(s) backward. Not finding a flow at the victim is no error: `trails` is then empty.
[[nodiscard]] Result<TraceResult> trace(const flow::FlowSource& source, const TraceQuery& query, const TraceOptions& options);

/// The words of CLI.md: `source`, `relay-upstream-unseen`, `lost`; `forward`, `call-back`.
[[nodiscard]] std::string_view to_string(EndingKind kind);
[[nodiscard]] std::string_view to_string(Control control);

}  // namespace hw::trace
