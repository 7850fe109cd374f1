#include "trace/relay_verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace hw::trace {
namespace {
namespace relay_detail {

constexpr double kMicrosPerMs = 1000;
constexpr double kNearerBy = 4;
constexpr double kMostCertain = 0.999;  // the model itself may be wrong once in a thousand times
constexpr std::size_t kExtraValues = 4;
constexpr double kNoiseMultiple = 3;  // exponential noise exceeds three times its mean once in twenty times

struct PeerKey {
    net::Address address;
    flow::ObserverId observer{};
    bool as_server = false;
    friend auto operator<=>(const PeerKey&, const PeerKey&) = default;
};

/// What a peer's connections gave, all together.
struct Gathered {
    std::size_t connections = 0;
    std::size_t handshakes = 0;
    std::vector<double> transport_ms;
    std::optional<double> transport_min_ms;
    std::array<std::vector<double>, flow::kFarMethods> far_ms;
    std::vector<double> quickest_ms;  ///< Of each connection with a far round trip, the least.
    std::array<std::size_t, flow::kUnmeasuredReasons> unmeasured{};
    std::set<std::uint8_t> ttl;
    std::set<std::uint16_t> mss;
    std::set<std::uint16_t> window;
    std::set<std::string> software;
};

using Peers = std::map<PeerKey, Gathered>;

template <typename T>
void note_value(std::set<T>& values, const T& value) {
    if (value != T{} && values.size() < kExtraValues) { values.insert(value); }
}

void gather(Peers& peers, const flow::ConnectionTimings& connection, bool as_server) {
    const flow::EndTimings& end = as_server ? connection.server_end : connection.client_end;
    Gathered& peer = peers[{(as_server ? connection.server : connection.client).address, connection.observer, as_server}];
    ++peer.connections;
    for (const std::uint32_t micros : end.transport) { peer.transport_ms.push_back(micros / kMicrosPerMs); }
    if (!end.transport.empty()) {
        const double least = end.transport_min / kMicrosPerMs;
        peer.transport_min_ms = std::min(peer.transport_min_ms.value_or(least), least);
    }
    if (!end.far.empty()) {
        ++peer.handshakes;
        peer.quickest_ms.push_back(std::ranges::min(end.far, {}, &flow::FarSample::micros).micros / kMicrosPerMs);
    }
    for (const flow::FarSample& sample : end.far) { peer.far_ms[static_cast<std::size_t>(sample.method)].push_back(sample.micros / kMicrosPerMs); }
    for (std::size_t r = 0; r < flow::kUnmeasuredReasons; ++r) {
        const auto reason = static_cast<flow::Unmeasured>(r);
        const bool cost_samples = reason == flow::Unmeasured::disturbed || reason == flow::Unmeasured::unprompted;
        if (connection.has(reason) && (end.far.empty() || cost_samples)) { ++peer.unmeasured[r]; }
    }
    note_value(peer.ttl, end.ttl);
    note_value(peer.mss, end.mss);
    note_value(peer.window, end.window);
    note_value(peer.software, end.software);
}

/// Whether this end of the connection lies beyond the sensor, and not the other alone.
bool lies_beyond(const flow::EndTimings& end, const flow::EndTimings& other) {
    if (end.transport.empty()) { return false; }
    return other.transport.empty() || kNearerBy * static_cast<double>(end.transport_min) >= static_cast<double>(other.transport_min);
}

WeakExtras extras_of(const Gathered& gathered) {
    WeakExtras extras;
    extras.ttl.assign(gathered.ttl.begin(), gathered.ttl.end());
    extras.mss.assign(gathered.mss.begin(), gathered.mss.end());
    extras.window.assign(gathered.window.begin(), gathered.window.end());
    extras.software.assign(gathered.software.begin(), gathered.software.end());
    if (extras.ttl.size() == 1) {
        const std::uint8_t ttl = extras.ttl.front();
        extras.initial_ttl = ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255;
        extras.hops = static_cast<std::uint8_t>(extras.initial_ttl - ttl);
        extras.system_guess = ttl <= 64 ? "unix-like" : ttl <= 128 ? "windows" : "network device";
    }
    const bool says_windows = std::ranges::any_of(extras.software, [](const std::string& name) {
        return name.find("Windows") != std::string::npos || name.find("PuTTY") != std::string::npos || name.find("WinSCP") != std::string::npos;
    });
    extras.disagree = says_windows && !extras.system_guess.empty() && extras.system_guess != "windows";
    return extras;
}

double median_of(const std::vector<double>& sorted) { return sorted[(sorted.size() - 1) / 2]; }

/// Whether more than a third of the connections are answered from afar, though not all: an address that speaks for itself and
/// passes others on, or passes several on.
bool partly_far(const Gathered& gathered) {
    const auto far = std::ranges::count_if(gathered.quickest_ms, [&](double ms) { return ms - *gathered.transport_min_ms >= kDetourThatMattersMs; });
    return 3 * static_cast<std::size_t>(far) > gathered.quickest_ms.size();
}

TestedPeer judge(const PeerKey& key, Gathered gathered) {
    TestedPeer peer;
    peer.address = key.address;
    peer.observer = key.observer;
    peer.as_server = key.as_server;
    peer.connections = gathered.connections;
    peer.handshakes = gathered.handshakes;
    peer.transport_rtt_ms = gathered.transport_min_ms;
    peer.extras = extras_of(gathered);
    for (std::size_t r = 0; r < flow::kUnmeasuredReasons; ++r) {
        if (gathered.unmeasured[r] > 0) { peer.not_measured.push_back({static_cast<flow::Unmeasured>(r), gathered.unmeasured[r]}); }
    }
    MethodEvidence quickest;
    for (std::size_t m = 0; m < flow::kFarMethods; ++m) {
        std::vector<double>& samples = gathered.far_ms[m];
        if (samples.empty()) { continue; }
        std::ranges::sort(samples);
        const MethodEvidence evidence{
            .method = static_cast<flow::FarMethod>(m), .samples = samples.size(), .min_ms = samples.front(), .jitter_ms = jitter_of(samples)};
        peer.methods.push_back({.evidence = evidence, .median_ms = median_of(samples)});
        if (!peer.far_rtt_ms || evidence.min_ms < *peer.far_rtt_ms) {
            peer.far_rtt_ms = evidence.min_ms;
            peer.method = evidence.method;
            quickest = evidence;
        }
    }
    if (!peer.far_rtt_ms) { return peer; }
    peer.max_distance_km = *peer.far_rtt_ms * kKmPerRttMs;
    if (!peer.transport_rtt_ms) { return peer; }

    std::ranges::sort(gathered.transport_ms);
    const TransportEvidence transport{.samples = gathered.transport_ms.size(), .min_ms = *peer.transport_rtt_ms, .jitter_ms = jitter_of(gathered.transport_ms)};
    peer.gap_ms = *peer.far_rtt_ms - *peer.transport_rtt_ms;
    peer.jitter_ms = quickest.jitter_ms / static_cast<double>(quickest.samples) + transport.jitter_ms / static_cast<double>(transport.samples);
    const double nats = relay_log_ratio(transport, quickest);
    peer.llr = Decibans::from_nats(nats);
    const double odds = std::log(kRelayPrior / (1 - kRelayPrior)) + nats;
    peer.probability = std::clamp(1 / (1 + std::exp(-odds)), 1 - kMostCertain, kMostCertain);
    if (peer.handshakes < kHandshakesNeeded) {
        peer.because = UndecidedBecause::few_handshakes;
    } else if (peer.probability > kRelaySure && *peer.gap_ms > 0) {
        peer.because = UndecidedBecause::decided;
        peer.verdict = RelayVerdict::relay;
    } else if (peer.probability < 1 - kRelaySure && partly_far(gathered)) {
        peer.because = UndecidedBecause::connections_differ;
    } else if (peer.probability < 1 - kRelaySure && *peer.gap_ms + kNoiseMultiple * peer.jitter_ms < kDetourThatMattersMs) {
        peer.because = UndecidedBecause::decided;
        peer.verdict = RelayVerdict::direct;
    } else {
        peer.because = UndecidedBecause::gap_within_jitter;
    }
    return peer;
}

/// Conversations that were not timed at all: no TCP, known from a log only, or picked up in their middle.
void gather_untimed(Peers& peers, const flow::FlowSource& source, const RelayTestOptions& options) {
    const auto visit = [&](const flow::Flow& flow) {
        const bool tcp = flow.protocol == flow::Protocol::tcp;
        const bool logged = !flow.uid.empty();
        if ((tcp && !logged && flow.basis == flow::InitiatorBasis::syn) || flow.request.packets == 0 || flow.reply.packets == 0) { return true; }
        const auto reason = static_cast<std::size_t>(!tcp     ? flow::Unmeasured::not_tcp
                                                     : logged ? flow::Unmeasured::no_packets
                                                              : flow::Unmeasured::beginning_unseen);
        const auto count = [&](const net::Address& address, bool as_server) {
            Gathered& peer = peers[{address, flow.observer, as_server}];
            ++peer.connections;
            ++peer.unmeasured[reason];
        };
        if (options.peer) {
            if (flow.client.address == *options.peer) { count(flow.client.address, false); }
            if (flow.server.address == *options.peer) { count(flow.server.address, true); }
        } else if (tcp) {
            count(flow.client.address, false);
        }
        return true;
    };
    [[maybe_unused]] const auto done = source.scan(source.interval(), visit);  // what cannot be scanned is only not counted
}

}  // namespace relay_detail
}  // namespace

std::string_view to_string(RelayVerdict verdict) {
    switch (verdict) {
        case RelayVerdict::relay: return "relay";
        case RelayVerdict::direct: return "direct";
        case RelayVerdict::undecided: return "undecided";
    }
    return "?";
}

std::string_view to_string(UndecidedBecause reason) {
    switch (reason) {
        case UndecidedBecause::decided: return "";
        case UndecidedBecause::nothing_measured: return "nothing-measured";
        case UndecidedBecause::few_handshakes: return "few-handshakes";
        case UndecidedBecause::gap_within_jitter: return "gap-within-jitter";
        case UndecidedBecause::connections_differ: return "connections-differ";
    }
    return "?";
}

std::vector<TestedPeer> test_relays(std::span<const flow::ConnectionTimings> timings, const flow::FlowSource& source, const RelayTestOptions& options) {
    using namespace relay_detail;  // within this function only
    Peers peers;
    for (const flow::ConnectionTimings& connection : timings) {
        const bool client = options.peer ? connection.client.address == *options.peer : lies_beyond(connection.client_end, connection.server_end);
        const bool server = options.peer ? connection.server.address == *options.peer : lies_beyond(connection.server_end, connection.client_end);
        if (client) { gather(peers, connection, false); }
        if (server) { gather(peers, connection, true); }
    }
    gather_untimed(peers, source, options);

    std::vector<TestedPeer> tested;
    tested.reserve(peers.size());
    for (auto& [key, gathered] : peers) { tested.push_back(judge(key, std::move(gathered))); }
    std::ranges::stable_sort(tested, [](const TestedPeer& a, const TestedPeer& b) {
        return std::tuple(a.verdict != RelayVerdict::relay, -a.probability) < std::tuple(b.verdict != RelayVerdict::relay, -b.probability);
    });
    return tested;
}

}  // namespace hw::trace
