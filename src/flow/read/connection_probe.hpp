#pragma once

#include "flow/read/live_flow.hpp"
#include "flow/read/packet.hpp"
#include "flow/read/ping_turns.hpp"
#include "flow/read/ssh_turns.hpp"
#include "flow/read/tls_turns.hpp"
#include "flow/read/turn.hpp"
#include "flow/timings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

namespace hw::flow::read {

/// Times the TCP connections of one capture for the relay test: round trips to the machine whose TCP answers, and round trips to
/// whoever reads what is said. It stands beside the assembly of flows and is fed the same packets; runs without it pay nothing.
///
/// A connection is followed from its SYN or SYN-ACK on. Nothing of its payload is kept: segments are read once, in the order of
/// the capture, and a fixed few bytes of state follow the messages' heads. Bytes that come again or leave a gap are not put in
/// order: what was asked or answered with them is not used (Karn's rule).
class ConnectionProbe {
public:
    /// `hash_seed` is unknown to whoever made the packets and changes nothing in the result. Of connections alive at one time,
    /// those past `most_alive` are not followed.
    ConnectionProbe(ObserverId observer, std::uint64_t hash_seed, std::size_t most_alive)
        : observer_(observer), most_alive_(most_alive), live_(16, KeyHash{hash_seed}) {}

    /// A packet in the order of the capture; `payload`: what was captured of its TCP payload.
    void see(const Packet& packet, std::span<const std::byte> payload);
    /// The connections that were answered, by first packet, then by their ends. Once, last.
    [[nodiscard]] std::vector<ConnectionTimings> finish();
    /// Connections that were not followed because too many were alive.
    [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

private:
    struct Waiting {
        std::uint32_t end = 0;  ///< The acknowledgement that covers it.
        Time at;
    };
    struct Side {
        std::uint32_t next = 0;      ///< The sequence number of the next new byte.
        bool known = false;
        bool spoke = false;
        bool disturbed = false;      ///< In its present turn it sent something twice, or something was not captured.
        bool fin = false;
        std::uint8_t waiting_count = 0;
        std::array<Waiting, 4> waiting;
        Time last_data;
    };
    struct Connection {
        ConnectionTimings timings;
        std::array<Side, 2> side;    ///< 0 the low end, 1 the high one.
        std::uint8_t client = 0;     ///< Which of them.
        std::uint8_t last_speaker = 2;
        bool protocol_known = false;
        bool closed = false;
        Time last;
        std::uint32_t client_isn = 0;
        bool isn_known = false;
        std::variant<std::monostate, TlsTurns, SshTurns, Http2Turns, WebSocketTurns> turns;
    };
    struct KeyHash {
        std::uint64_t seed = 0;
        std::size_t operator()(const FlowKey& key) const;
    };
    using Live = std::unordered_map<FlowKey, Connection, KeyHash>;

    Live::iterator open(const Packet& packet, const KeyedSide& keyed);
    void note_opening(Connection& connection, const Packet& packet, unsigned side);
    static void acknowledge(Connection& connection, const Packet& packet, unsigned side);
    static void await(Side& side, std::uint32_t end, Time at);
    void data(Connection& connection, const Packet& packet, std::span<const std::byte> payload, unsigned side);
    void choose_protocol(Connection& connection, const SegmentBytes& bytes, bool from_client);
    static EndTimings& end_of(Connection& connection, unsigned side);
    void close(Connection& connection);
    void sweep(Time now);

    ObserverId observer_;
    std::size_t most_alive_;
    Live live_;
    std::vector<ConnectionTimings> done_;
    std::uint64_t passed_over_ = 0;
    std::uint32_t until_sweep_ = 65'536;
};

}  // namespace hw::flow::read
