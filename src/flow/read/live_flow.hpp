#pragma once

#include "flow/activity.hpp"
#include "flow/flow.hpp"
#include "flow/read/packet.hpp"
#include "flow/read/sequence.hpp"
#include "net/address.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace hw::flow::read {

/// What the packets of both directions of a flow share: its ends in order of address, then port.
struct FlowKey {
    net::Address low;
    net::Address high;
    std::uint16_t low_port = 0;
    std::uint16_t high_port = 0;
    std::uint8_t protocol = 0;
    std::uint8_t tunnel_depth = 0;
    std::uint16_t zero = 0;  ///< No padding: the key is hashed as bytes.
    friend bool operator==(const FlowKey&, const FlowKey&) = default;
};
static_assert(sizeof(FlowKey) == 40);

/// The key of a packet's flow, and which end sent it: 0 the low one, 1 the high one.
struct KeyedSide {
    FlowKey key;
    std::uint8_t side = 0;
};
[[nodiscard]] inline KeyedSide key_of(const Packet& p) {
    const bool swap = p.destination < p.source || (p.destination == p.source && p.destination_port < p.source_port);
    KeyedSide k;
    k.key.low = swap ? p.destination : p.source;
    k.key.high = swap ? p.source : p.destination;
    k.key.low_port = swap ? p.destination_port : p.source_port;
    k.key.high_port = swap ? p.source_port : p.destination_port;
    k.key.protocol = p.protocol;
    k.key.tunnel_depth = p.tunnel_depth;
    k.side = swap ? 1 : 0;
    return k;
}

/// What one end of a live flow has sent. One cache line.
struct LiveHalf {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t payload_bytes = 0;
    std::int64_t bin_index = 0;     ///< The activity bin being filled, where `bin_packets` > 0.
    std::uint64_t bin_bytes = 0;
    std::uint32_t bin_packets = 0;
    SequenceTrack sequence;
    std::uint32_t link_sender = 0;
    std::uint8_t tcp_flags = 0;
    std::uint8_t ttl_min = 0;
    std::uint8_t ttl_max = 0;
    // Bits of `state`:
    static constexpr std::uint8_t kSequenceKnown = 0x01;
    static constexpr std::uint8_t kFin = 0x02;
    static constexpr std::uint8_t kCut = 0x04;         ///< In the low half: all so far has been handed over, and nothing came since.
    static constexpr std::uint8_t kClient = 0x08;      ///< This end is the client.
    static constexpr std::uint8_t kLinkMixed = 0x10;   ///< Came from several link-layer addresses.
    static constexpr std::uint8_t kBasisShift = 5;     ///< `InitiatorBasis`, in the half of the client.
    static constexpr std::uint8_t kAckAwaited = 0x80;  ///< The client's ACK that ends the handshake has not come yet.
    std::uint8_t state = 0;

    [[nodiscard]] bool is(std::uint8_t bit) const { return (state & bit) != 0; }
};
static_assert(sizeof(LiveHalf) == 64);

/// The part of a live flow that every packet touches: of its three cache lines, the first and that of the sender.
struct alignas(64) LiveFlow {
    FlowKey key;
    Time first;
    Time last;
    std::uint32_t hash = 0;          ///< Of its key.
    std::uint32_t cold : 31 = 0;     ///< Index of its `ColdPart` plus 1; 0: it needs none so far.
    std::uint32_t closed : 1 = 0;    ///< Both ends have said that they are done (FIN), or one has broken it off (RST).
    std::array<LiveHalf, 2> half;    ///< By side.

    [[nodiscard]] unsigned client_side() const { return half[1].is(LiveHalf::kClient) ? 1 : 0; }
    [[nodiscard]] InitiatorBasis basis() const { return InitiatorBasis((half[client_side()].state >> LiveHalf::kBasisShift) & 3U); }
    void set_client(unsigned side, InitiatorBasis basis) {
        constexpr auto kept = static_cast<std::uint8_t>(~(LiveHalf::kClient | (3U << LiveHalf::kBasisShift)));
        for (auto& h : half) { h.state &= kept; }
        half[side].state |= static_cast<std::uint8_t>(LiveHalf::kClient | (static_cast<unsigned>(basis) << LiveHalf::kBasisShift));
    }
};
static_assert(sizeof(LiveFlow) == 192);

/// A moment near a flow's first packet, in four bytes: microseconds after it, 35 minutes either way; farther off is absent.
class NearTime {
public:
    void set(Time time, Time first) {
        const std::int64_t off = (time - first).count();
        off_ = off > kNone && off <= std::numeric_limits<std::int32_t>::max() ? static_cast<std::int32_t>(off) : kNone;
    }
    [[nodiscard]] bool known() const { return off_ != kNone; }
    [[nodiscard]] std::optional<Time> at(Time first) const { return known() ? std::optional(first + Duration(off_)) : std::nullopt; }

private:
    static constexpr std::int32_t kNone = std::numeric_limits<std::int32_t>::min();
    std::int32_t off_ = kNone;
};

/// The part that only some packets touch: a TCP connection's beginning.
struct ColdPart {
    NearTime syn;
    NearTime syn_ack;
    NearTime ack;
    std::array<NearTime, 2> first_payload;  ///< By side.
    std::uint32_t client_isn = 0;           ///< Of the SYN, or worked out from the SYN-ACK; where either was seen.
    std::uint32_t server_isn = 0;
    std::array<std::uint16_t, 2> mss{};     ///< By side.
    std::array<std::uint16_t, 2> window{};  ///< By side.
    std::uint32_t course = 0;               ///< Index of the flow's `Course` plus 1; 0: all its payload so far came in one bin.
};
static_assert(sizeof(LiveFlow) + sizeof(ColdPart) + sizeof(std::uint32_t) <= 240, "a quiet flow, with its place in the index, takes 256 bytes at most");

/// The finished bins of a flow, by side.
using Course = std::array<BinPacker, 2>;

}  // namespace hw::flow::read
