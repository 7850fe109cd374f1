// Which hosts an observer sees from both sides: `infer_coverage`.

#include "flow/memory_source.hpp"

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

bool is_loopback(const net::Address& a) { return a.is_v4() ? (a.v4_bits() >> 24U) == 127 : a == net::Address::v6(0, 1); }
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
        if (a.is_group() || is_loopback(a) || a == net::Address{} || a == net::Address::v4(0)) { return false; }
    }
    return flow.client.address != flow.server.address;
}

/// One end of one conversation.
struct Part {
    const Flow* flow = nullptr;
    bool client = false;

    [[nodiscard]] const net::Address& address() const { return client ? flow->client.address : flow->server.address; }
    [[nodiscard]] const net::Address& peer() const { return client ? flow->server.address : flow->client.address; }
    [[nodiscard]] const HalfFlow& half() const { return client ? flow->request : flow->reply; }
    [[nodiscard]] const HalfFlow& other() const { return client ? flow->reply : flow->request; }
    /// How long after the sensor saw the question its answer in the handshake passed.
    [[nodiscard]] std::optional<Duration> answer() const {
        const Handshake& h = flow->handshake;
        const auto& from = client ? h.syn_ack : h.syn;
        const auto& to = client ? h.ack : h.syn_ack;
        return from && to && *to >= *from ? std::optional(*to - *from) : std::nullopt;
    }
};

/// What an observer's conversations tell of one host.
struct Host {
    net::Address address;
    std::span<const Part> parts;  ///< Ordered by peer.
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
        const HalfFlow& half = part.half();
        // A probe with a TTL of its own (traceroute) says nothing and is not answered with data.
        if (half.ttl_max != 0 && (half.payload_bytes > 0 || (part.other().payload_bytes > 0 && half.packets >= 2))) {
            host.told = true;
            // The highest counts: a few packets of a flow may be probes, or forged by others to look far.
            (is_initial(half.ttl_max) ? host.beyond : host.local) = false;
        }
        if (half.link_sender != 0 && std::ranges::find(host.interfaces, half.link_sender) == host.interfaces.end()) {
            host.interfaces.push_back(half.link_sender);
        }
        if (const auto answer = part.answer()) { host.fastest = std::min(host.fastest, *answer); }
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
void cover(std::span<const Flow* const> conversations, const Observer& observer, ObserverId id, std::vector<CoveredHost>& out) {
    std::vector<Part> parts;
    parts.reserve(conversations.size() * 2);
    for (const Flow* flow : conversations) {
        parts.push_back({.flow = flow, .client = true});
        parts.push_back({.flow = flow, .client = false});
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
        hub = hub || static_cast<double>(host.parts.size()) >= kHubShare * static_cast<double>(conversations.size());
        if (host.is_beyond()) { routers.insert(host.interfaces.begin(), host.interfaces.end()); }
    }
    const auto is_inside = [&](const Host& host) {
        return host.may_be_covered() && std::ranges::none_of(host.interfaces, [&](std::uint32_t i) { return routers.contains(i); });
    };
    // Whether what neighbours say to each other passes the sensor (a mirror port) or goes past it (a router's interface).
    const bool inner_traffic = std::ranges::any_of(conversations, [&](const Flow* flow) {
        return is_inside(find_host(hosts, flow->client.address)) && is_inside(find_host(hosts, flow->server.address));
    });
    for (const Host& host : hosts) {
        if (!is_inside(host)) { continue; }
        const bool on_host = host.parts.size() == conversations.size() && has_different_peers(host, hosts);
        const bool on_segment =
            !hub && std::ranges::any_of(host.parts, [&](const Part& part) { return find_host(hosts, part.peer()).is_beyond(); });
        if (on_host || on_segment) {
            const auto basis = on_host || inner_traffic ? CoverageBasis::capture_point : CoverageBasis::segment;
            out.push_back({.address = host.address, .observer = id, .interval = observer.interval, .basis = basis});
        }
    }
}

/// Zeek: the log's own word on what is local.
void cover_log(std::span<const Flow* const> flows, const Observer& observer, ObserverId id, std::vector<CoveredHost>& out) {
    std::set<net::Address> hosts;
    for (const Flow* flow : flows) {
        const bool client = flow->client_local.value_or(false);
        const bool server = flow->server_local.value_or(false);
        if (flow->client_local && flow->server_local && client != server && flow->request.packets > 0 && flow->reply.packets > 0) {
            hosts.insert(client ? flow->client.address : flow->server.address);
        }
    }
    for (const net::Address& address : hosts) {
        out.push_back({.address = address, .observer = id, .interval = observer.interval, .basis = CoverageBasis::log_local});
    }
}

}  // namespace coverage_detail
}  // namespace

std::vector<CoveredHost> infer_coverage(std::span<const Observer> observers, std::span<const Flow> flows) {
    using coverage_detail::Family;
    std::vector<std::vector<const Flow*>> logged(observers.size());
    std::map<std::pair<std::size_t, Family>, std::vector<const Flow*>> conversations;
    for (const Flow& flow : flows) {
        const auto observer = static_cast<std::size_t>(flow.observer);
        if (observer >= observers.size() || !coverage_detail::names_two_hosts(flow)) { continue; }
        if (flow.client_local || flow.server_local) {
            logged[observer].push_back(&flow);
        } else if (flow.tunnel_depth == 0 && flow.sampling == 1 && coverage_detail::is_full_conversation(flow)) {
            conversations[{observer, coverage_detail::family_of(flow.client.address)}].push_back(&flow);
        }
    }
    std::vector<CoveredHost> out;
    for (const auto& [where, seen] : conversations) {
        coverage_detail::cover(seen, observers[where.first], ObserverId{static_cast<std::uint16_t>(where.first)}, out);
    }
    for (std::size_t i = 0; i < logged.size(); ++i) {
        coverage_detail::cover_log(logged[i], observers[i], ObserverId{static_cast<std::uint16_t>(i)}, out);
    }
    std::ranges::sort(out, [](const CoveredHost& a, const CoveredHost& b) { return std::tie(a.address, a.observer) < std::tie(b.address, b.observer); });
    return out;
}

}  // namespace hw::flow
