// Which hosts an observer sees from both sides.

#include "flow/coverage.hpp"

#include "net/socket_address.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace hw::flow {
namespace {
namespace coverage_detail {

/// Longest answer of a host that is still on the sensor's segment.
constexpr Duration kNear = std::chrono::milliseconds(5);
/// A host that ends this share of an observer's conversations is (nearly) the one that the capture was made on.
constexpr double kHubShare = 0.9;

bool is_initial(std::uint8_t ttl) { return ttl == 64 || ttl == 128 || ttl == 255; }

bool is_link_local(const net::Address& a) { return !a.is_v4() && (a.high() >> 54U) == (0xfe80U >> 6U); }

/// Addresses are compared within a family only: a host with two families is two ends.
enum class Family : std::uint8_t { v4, v6, link_local };
Family family_of(const net::Address& a) { return a.is_v4() ? Family::v4 : is_link_local(a) ? Family::link_local : Family::v6; }

bool is_full_conversation(const Flow& flow) {
    constexpr auto syn_ack = static_cast<std::uint8_t>(tcp_flag::syn | tcp_flag::ack);
    if (flow.protocol == Protocol::icmp || flow.protocol == Protocol::icmp6) { return false; }
    if (flow.protocol == Protocol::tcp && (flow.request.tcp_flags & tcp_flag::syn) != 0 && (flow.reply.tcp_flags & syn_ack) == syn_ack) {
        return true;
    }
    return flow.request.packets >= 2 && flow.reply.packets >= 2 && flow.request.payload_bytes > 0 && flow.reply.payload_bytes > 0;
}

bool names_two_hosts(const Flow& flow) {
    for (const net::Address& a : {flow.client.address, flow.server.address}) {
        if (a.is_group() || net::is_loopback(a) || a == net::Address{} || a == net::Address::v4(0)) { return false; }
    }
    return flow.client.address != flow.server.address;
}

using Talk = CoverageGatherer::Talk;

/// What a flow tells of where one of its ends is.
CoverageGatherer::Side side_of(const Flow& flow, bool client) {
    const HalfFlow& half = client ? flow.request : flow.reply;
    const HalfFlow& other = client ? flow.reply : flow.request;
    CoverageGatherer::Side side;
    // A probe with a TTL of its own (traceroute) says nothing and is not answered with data.
    if (half.ttl_max != 0 && (half.payload_bytes > 0 || (other.payload_bytes > 0 && half.packets >= 2))) {
        // The highest counts: a few packets of a flow may be probes, or forged by others to look far.
        side.place = is_initial(half.ttl_max) ? CoverageGatherer::Place::here : CoverageGatherer::Place::beyond;
    }
    side.interface = half.link_sender;
    // How long after the sensor saw the question its answer in the handshake passed.
    const auto& from = client ? flow.handshake.syn_ack : flow.handshake.syn;
    const auto& to = client ? flow.handshake.ack : flow.handshake.syn_ack;
    if (from && to && *to >= *from) { side.fastest = *to - *from; }
    return side;
}

/// One end of conversations that tell the same.
struct Part {
    const Talk* talk = nullptr;
    bool client = false;

    [[nodiscard]] const net::Address& address() const { return client ? talk->client : talk->server; }
    [[nodiscard]] const net::Address& peer() const { return client ? talk->server : talk->client; }
    [[nodiscard]] const CoverageGatherer::Side& side() const { return client ? talk->of_client : talk->of_server; }
};

/// What an observer's conversations tell of one host.
struct Host {
    net::Address address;
    std::span<const Part> parts;  ///< Ordered by peer.
    std::uint64_t flows = 0;
    bool local = true;            ///< Every flow that tells has it arrive with an initial TTL.
    bool beyond = true;           ///< None has.
    bool told = false;            ///< Some flow tells at all.
    Duration fastest = Duration::max();
    std::vector<std::uint32_t> interfaces;

    [[nodiscard]] bool is_beyond() const { return told && beyond; }
    [[nodiscard]] bool may_be_covered() const { return told && local && fastest <= kNear; }
};

Host host_of(std::span<const Part> parts) {
    Host host{.address = parts.front().address(), .parts = parts, .interfaces = {}};
    for (const Part& part : parts) {
        const CoverageGatherer::Side& side = part.side();
        host.flows += part.talk->flows;
        if (side.place != CoverageGatherer::Place::untold) {
            host.told = true;
            (side.place == CoverageGatherer::Place::here ? host.beyond : host.local) = false;
        }
        if (side.interface != 0 && std::ranges::find(host.interfaces, side.interface) == host.interfaces.end()) { host.interfaces.push_back(side.interface); }
        host.fastest = std::min(host.fastest, side.fastest);
    }
    return host;
}

const Host& find_host(std::span<const Host> hosts, const net::Address& address) {
    return *std::ranges::lower_bound(hosts, address, {}, &Host::address);
}

/// At least two peers that are not one machine under two names.
bool has_different_peers(const Host& host, std::span<const Host> hosts) {
    std::optional<std::uint32_t> interface;
    for (std::size_t i = 0; i < host.parts.size(); ++i) {
        if (i > 0 && host.parts[i].peer() == host.parts[i - 1].peer()) { continue; }
        const Host& peer = find_host(hosts, host.parts[i].peer());
        if (peer.is_beyond() && host.parts.front().peer() != host.parts.back().peer()) { return true; }
        if (peer.interfaces.size() != 1) { continue; }
        if (interface && *interface != peer.interfaces[0]) { return true; }
        interface = peer.interfaces[0];
    }
    return false;
}

/// The hosts of one family that one observer covers.
void cover(std::span<const Talk> conversations, const Observer& observer, ObserverId id, std::vector<CoveredHost>& out) {
    std::vector<Part> parts;
    parts.reserve(conversations.size() * 2);
    std::uint64_t flows = 0;
    for (const Talk& talk : conversations) {
        flows += talk.flows;
        parts.push_back({.talk = &talk, .client = true});
        parts.push_back({.talk = &talk, .client = false});
    }
    std::ranges::sort(parts, [](const Part& a, const Part& b) { return std::tie(a.address(), a.peer()) < std::tie(b.address(), b.peer()); });
    std::vector<Host> hosts;
    for (auto begin = parts.begin(); begin != parts.end();) {
        const auto end = std::find_if(begin, parts.end(), [&](const Part& part) { return part.address() != begin->address(); });
        hosts.push_back(host_of({begin, end}));
        begin = end;
    }

    std::set<std::uint32_t> routers;  // interfaces that hosts beyond a router have sent through
    bool hub = false;
    for (const Host& host : hosts) {
        hub = hub || static_cast<double>(host.flows) >= kHubShare * static_cast<double>(flows);
        if (host.is_beyond()) { routers.insert(host.interfaces.begin(), host.interfaces.end()); }
    }
    const auto is_inside = [&](const Host& host) {
        return host.may_be_covered() && std::ranges::none_of(host.interfaces, [&](std::uint32_t i) { return routers.contains(i); });
    };
    // Whether what neighbours say to each other passes the sensor (a mirror port) or goes past it (a router's interface).
    const bool inner_traffic = std::ranges::any_of(conversations, [&](const Talk& talk) {
        return is_inside(find_host(hosts, talk.client)) && is_inside(find_host(hosts, talk.server));
    });
    for (const Host& host : hosts) {
        if (!is_inside(host)) { continue; }
        const bool on_host = host.flows == flows && has_different_peers(host, hosts);
        const bool on_segment =
            !hub && std::ranges::any_of(host.parts, [&](const Part& part) { return find_host(hosts, part.peer()).is_beyond(); });
        if (on_host || on_segment) {
            const auto basis = on_host || inner_traffic ? CoverageBasis::capture_point : CoverageBasis::segment;
            out.push_back({.address = host.address, .observer = id, .interval = observer.interval, .basis = basis});
        }
    }
}

/// What makes conversations tell the same, in order: observer, family, ends, and what is known of each.
auto sameness(const Talk& talk) {
    return std::tuple(talk.observer, family_of(talk.client), talk.client, talk.server, talk.of_client.place, talk.of_client.interface, talk.of_server.place, talk.of_server.interface);
}

}  // namespace coverage_detail
}  // namespace

void CoverageGatherer::add(const Flow& flow) {
    using namespace coverage_detail;
    if (!names_two_hosts(flow)) { return; }
    if (flow.client_local || flow.server_local) {  // Zeek: the log's own word on what is local
        const bool client = flow.client_local.value_or(false);
        const bool server = flow.server_local.value_or(false);
        if (flow.client_local && flow.server_local && client != server && flow.request.packets > 0 && flow.reply.packets > 0) {
            local_.emplace(flow.observer, client ? flow.client.address : flow.server.address);
        }
    } else if (flow.tunnel_depth == 0 && flow.sampling == 1 && is_full_conversation(flow)) {
        talks_.push_back({.observer = flow.observer, .client = flow.client.address, .server = flow.server.address, .flows = 1, .of_client = side_of(flow, true), .of_server = side_of(flow, false)});
        if (talks_.size() >= limit_) { fold(); }
    }
}

void CoverageGatherer::fold() {
    constexpr std::size_t kFold = std::size_t{1} << 16U;
    std::ranges::sort(talks_, {}, coverage_detail::sameness);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < talks_.size(); ++i) {
        if (kept > 0 && coverage_detail::sameness(talks_[kept - 1]) == coverage_detail::sameness(talks_[i])) {
            Talk& same = talks_[kept - 1];
            same.flows += talks_[i].flows;
            same.of_client.fastest = std::min(same.of_client.fastest, talks_[i].of_client.fastest);
            same.of_server.fastest = std::min(same.of_server.fastest, talks_[i].of_server.fastest);
        } else {
            talks_[kept++] = talks_[i];
        }
    }
    talks_.resize(kept);
    limit_ = std::max(kFold, 2 * kept);
}

std::vector<CoveredHost> CoverageGatherer::take(std::span<const Observer> observers) {
    using namespace coverage_detail;
    fold();
    std::vector<CoveredHost> out;
    for (auto begin = talks_.begin(); begin != talks_.end();) {
        const auto end = std::find_if(begin, talks_.end(), [&](const Talk& t) { return t.observer != begin->observer || family_of(t.client) != family_of(begin->client); });
        const auto id = static_cast<std::size_t>(begin->observer);
        if (id < observers.size()) { cover({begin, end}, observers[id], begin->observer, out); }
        begin = end;
    }
    for (const auto& [observer, address] : local_) {
        const auto id = static_cast<std::size_t>(observer);
        if (id < observers.size()) { out.push_back({.address = address, .observer = observer, .interval = observers[id].interval, .basis = CoverageBasis::log_local}); }
    }
    std::ranges::stable_sort(out, [](const CoveredHost& a, const CoveredHost& b) { return std::tie(a.address, a.observer, a.basis) < std::tie(b.address, b.observer, b.basis); });
    return out;
}

bool CoverageGatherer::tells(const Flow& flow) {
    return flow.client_local.has_value() || flow.server_local.has_value() || (flow.handshake.syn_ack && (flow.handshake.syn || flow.handshake.ack));
}

std::vector<CoveredHost> infer_coverage(std::span<const Observer> observers, std::span<const Flow> flows) {
    CoverageGatherer gathered;
    for (const Flow& flow : flows) { gathered.add(flow); }
    return gathered.take(observers);
}

std::vector<CoveredHost> first_basis(std::vector<CoveredHost> coverage) {
    std::ranges::stable_sort(coverage, [](const CoveredHost& a, const CoveredHost& b) {
        return std::tie(a.address, a.observer, a.basis) < std::tie(b.address, b.observer, b.basis);
    });
    const auto doubles = std::ranges::unique(coverage, [](const CoveredHost& a, const CoveredHost& b) {
        return a.address == b.address && a.observer == b.observer;
    });
    coverage.erase(doubles.begin(), doubles.end());
    return coverage;
}

}  // namespace hw::flow
