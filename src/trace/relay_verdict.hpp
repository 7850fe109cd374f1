#pragma once

#include "base/decibans.hpp"
#include "flow/source.hpp"
#include "flow/timings.hpp"
#include "net/address.hpp"
#include "trace/relay_model.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::trace {

enum class RelayVerdict : std::uint8_t { relay, direct, undecided };
/// `relay`, `direct`, `undecided`.
[[nodiscard]] std::string_view to_string(RelayVerdict verdict);

/// Why a peer is undecided.
enum class UndecidedBecause : std::uint8_t { decided, nothing_measured, few_handshakes, gap_within_jitter, connections_differ };
/// `few-handshakes`, …; empty for `decided`.
[[nodiscard]] std::string_view to_string(UndecidedBecause reason);

/// Handshakes below which a peer is undecided whatever they show.
inline constexpr std::size_t kHandshakesNeeded = 3;
/// The chance, before any timing is looked at, that a peer is a relay. The `llr` lets everybody put in their own.
inline constexpr double kRelayPrior = 0.2;
/// A probability above it is called a relay; below one minus it, direct.
inline constexpr double kRelaySure = 0.9;
/// A peer is called direct only where no detour of this length fits its timings, nor those of most of its connections.
inline constexpr double kDetourThatMattersMs = 25;
/// Light in fibre covers 200 km a millisecond, hence 100 km a millisecond of round trip.
inline constexpr double kKmPerRttMs = 100;

/// The far round trips of one method.
struct MethodTimings {
    MethodEvidence evidence;
    double median_ms = 0;
};

/// Why some of a peer's connections gave no far round trip, or fewer than they might have.
struct NotMeasured {
    flow::Unmeasured reason{};
    std::size_t connections = 0;
};

/// What the peer's own packets say of it on the side. Weak: a relay can choose them all; they never enter the probability.
struct WeakExtras {
    std::vector<std::uint8_t> ttl;     ///< Distinct values seen in opening packets, rising, at most 4. The next ones likewise.
    std::vector<std::uint16_t> mss;
    std::vector<std::uint16_t> window;
    std::vector<std::string> software; ///< What the far end calls itself (SSH banners).
    std::uint8_t initial_ttl = 0;      ///< 64, 128 or 255, whichever lies next above; 0: no TTL, or several.
    std::uint8_t hops = 0;             ///< `initial_ttl` less what arrived.
    std::string system_guess;          ///< `unix-like`, `windows`, `network device`; empty: none.
    bool disagree = false;             ///< The software names another kind of system than the TTL does.
};

/// One address as one observer saw it in one role.
struct TestedPeer {
    net::Address address;
    flow::ObserverId observer{};
    bool as_server = false;          ///< It answered connections rather than opening them.
    std::size_t connections = 0;
    std::size_t handshakes = 0;      ///< Connections with at least one far round trip.
    std::optional<double> transport_rtt_ms;
    std::optional<double> far_rtt_ms;   ///< By `method`.
    std::optional<double> gap_ms;
    double jitter_ms = 0;            ///< What the path's noise leaves uncertain of the gap: jitter/n of both sides.
    RelayVerdict verdict = RelayVerdict::undecided;
    UndecidedBecause because = UndecidedBecause::nothing_measured;
    double probability = kRelayPrior;   ///< Of a relay with a detour of 2 ms and more; within 0.001 to 0.999.
    Decibans llr;                    ///< What the timings alone say.
    std::optional<double> max_distance_km;  ///< From the observer to whoever answers, whatever the verdict.
    std::optional<flow::FarMethod> method;  ///< The one with the smallest far round trip.
    std::vector<MethodTimings> methods;
    std::vector<NotMeasured> not_measured;
    WeakExtras extras;
};

struct RelayTestOptions {
    std::optional<net::Address> peer;  ///< Only this one, in either role.
};

/// Judges every peer by the timings that one side's capture holds. Without `options.peer` each connection's client is judged, or its
/// server where the capture stands at the client's side: the end that is not more than four times nearer to the sensor than the
/// other. Connections of `source` without timings are counted as not measured. Ordered: relays first, then by falling
/// probability, address, observer, role.
[[nodiscard]] std::vector<TestedPeer> test_relays(std::span<const flow::ConnectionTimings> timings, const flow::FlowSource& source,
                                                  const RelayTestOptions& options);

}  // namespace hw::trace
