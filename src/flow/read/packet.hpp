#pragma once

#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <cstdint>

namespace hw::flow::read {

/// One IP packet, as much of it as flows are made of. A packet inside a tunnel comes as a `Packet` of its own.
struct Packet {
    net::Address source;
    net::Address destination;
    Time time;
    std::uint64_t offset = 0;       ///< Of the record in the unpacked input.
    std::uint32_t bytes = 0;        ///< IP header and all above it, as sent: not what a snap length left of it.
    std::uint32_t payload = 0;      ///< Transport payload, likewise.
    std::uint32_t sequence = 0;     ///< TCP, where `tcp`.
    std::uint32_t acknowledgement = 0;
    std::uint32_t link_sender = 0;  ///< As `HalfFlow::link_sender`.
    std::uint16_t source_port = 0;  ///< 0 where the protocol has none.
    std::uint16_t destination_port = 0;
    std::uint16_t window = 0;
    std::uint16_t mss = 0;          ///< The MSS option of a SYN; 0 where absent or cut off.
    std::uint8_t protocol = 0;      ///< IANA number; of the last header of an IPv6 chain.
    std::uint8_t tcp_flags = 0;
    std::uint8_t ttl = 0;
    std::uint8_t tunnel_depth = 0;
    bool tcp = false;               ///< Sequence number and flags are known.
    bool reply = false;             ///< ICMP echo reply: its destination has asked.
};

}  // namespace hw::flow::read
