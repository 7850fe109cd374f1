#pragma once

#include "base/time.hpp"
#include "flow/activity.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hw::flow {

/// IANA protocol number.
enum class Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, gre = 47, icmp6 = 58, sctp = 132 };
[[nodiscard]] constexpr std::uint8_t number(Protocol p) { return static_cast<std::uint8_t>(p); }
/// `tcp`, `udp`, `icmp`, … or the number.
[[nodiscard]] std::string to_string(Protocol protocol);

/// TCP flag bits as on the wire (RFC 9293, 3.1).
namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
}  // namespace tcp_flag

/// What one direction of a flow carried.
struct HalfFlow {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;          ///< IP header and all above it (IPFIX octetTotalCount, Zeek orig_ip_bytes).
    std::uint64_t payload_bytes = 0;  ///< Transport payload, retransmitted bytes counted once (Zeek orig_bytes).
    std::uint8_t tcp_flags = 0;       ///< Union of all flags seen.
    std::uint8_t ttl_min = 0;         ///< Smallest IPv4 TTL or IPv6 hop limit seen; 0 where unknown.
    std::uint8_t ttl_max = 0;
    /// Short hash of the sender's link-layer (MAC) address: equal where one interface sent both; 0 where unknown or mixed.
    std::uint32_t link_sender = 0;
    friend bool operator==(const HalfFlow&, const HalfFlow&) = default;
};

/// The timings at the start of one TCP connection, as the sensor saw them; absent where a packet was not seen.
struct Handshake {
    std::optional<Time> syn;
    std::optional<Time> syn_ack;
    std::optional<Time> ack;             ///< The client's first ACK after the SYN-ACK.
    std::optional<Time> first_request;   ///< First client payload.
    std::optional<Time> first_reply;     ///< First server payload.
    std::uint16_t client_mss = 0;        ///< MSS option; 0 where absent.
    std::uint16_t server_mss = 0;
    std::uint16_t client_window = 0;     ///< Window field of the SYN.
    std::uint16_t server_window = 0;     ///< Window field of the SYN-ACK.
    friend bool operator==(const Handshake&, const Handshake&) = default;
};

/// Index of an observer (a sensor: one capture point, one log source) within one source of flows.
enum class ObserverId : std::uint16_t {};

/// Identifies a flow; stable over runs: a hash of observer name, endpoints, protocol and first packet's time.
enum class FlowId : std::uint64_t {};
/// 16 hexadecimal digits.
[[nodiscard]] std::string to_string(FlowId id);

/// Why a flow's record ended (IPFIX flowEndReason, RFC 5102 5.11.3).
enum class FlowEnd : std::uint8_t { unknown = 0, idle_timeout = 1, active_timeout = 2, end_of_flow = 3, forced_end = 4, lack_of_resources = 5 };

/// How client and server were told apart, best first.
enum class InitiatorBasis : std::uint8_t { syn, first_packet, port, exporter };

/// A bidirectional conversation as one observer saw it (RFC 7011, RFC 5103).
struct Flow {
    FlowId id{};
    ObserverId observer{};
    net::Endpoint client;
    net::Endpoint server;
    Protocol protocol{};
    FlowEnd end = FlowEnd::unknown;
    InitiatorBasis basis = InitiatorBasis::first_packet;
    Time first;
    Time last;
    HalfFlow request;
    HalfFlow reply;
    std::uint8_t tunnel_depth = 0;  ///< Tunnels (GRE, IP-in-IP, VXLAN, …) that its packets were found inside.
    std::uint32_t sampling = 1;  ///< One packet in `sampling` was counted; counts are not scaled up.
    Handshake handshake;
    Activity activity;           ///< Empty where the input gives totals only.
    std::string uid;             ///< The log's own identifier (Zeek); empty elsewhere.
    /// What the log says of the ends' place: Zeek `local_orig`, `local_resp`.
    std::optional<bool> client_local;
    std::optional<bool> server_local;

    [[nodiscard]] Interval interval() const { return {first, last}; }
    [[nodiscard]] const HalfFlow& half(Direction d) const { return d == Direction::request ? request : reply; }
    [[nodiscard]] bool touches(const net::Address& a) const { return client.address == a || server.address == a; }
    friend bool operator==(const Flow&, const Flow&) = default;
};

/// The stable identifier of a flow seen by the observer called `observer_name`.
[[nodiscard]] FlowId make_flow_id(std::string_view observer_name, const net::Endpoint& client, const net::Endpoint& server,
                                  Protocol protocol, Time first, std::uint8_t tunnel_depth = 0);

}  // namespace hw::flow
