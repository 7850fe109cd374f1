#pragma once

#include "flow/read/frame_walk.hpp"
#include "flow/read/turn.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace hw::flow::read {

/// A TLS record (RFC 8446, 5.1): type, version, length. Of a handshake record the message's type and, for a ServerHello, the
/// first bytes of its random are worth having.
struct TlsRecord {
    static constexpr std::size_t kHead = 5;
    [[nodiscard]] static std::optional<std::uint64_t> length_of(std::span<const std::byte> head);
    [[nodiscard]] static std::uint64_t wanted_of(std::span<const std::byte> head);
};

/// Follows a TLS 1.2 or 1.3 handshake by the outer side of its records, just far enough to know which of the client's and the
/// server's words answer which. Whatever comes, it keeps a fixed few bytes.
class TlsTurns {
public:
    /// The next new bytes of one direction. False: nothing more is to be had from this connection.
    bool segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings);
    /// The connection has ended.
    void finish(Findings& findings);

private:
    bool client_record(std::uint8_t type, std::optional<std::uint8_t> message, const Turn& turn, Findings& findings);
    void server_record(std::uint8_t type, std::span<const std::byte> head, const Turn& turn, Findings& findings);

    FrameWalk<TlsRecord> client_;
    FrameWalk<TlsRecord> server_;
    std::optional<Turn> change_cipher_;  ///< The client's first words after the ServerHello were these: 1.3, or 1.2 resumed.
    bool client_hello_ = false;
    bool server_hello_ = false;
    bool retry_ = false;          ///< The server has asked for another ClientHello.
    bool retry_answered_ = false;
    bool early_ = false;          ///< The client has spoken on before any ServerHello.
    bool version_12_ = false;
    bool client_finished_ = false;  ///< 1.2: the client has changed its cipher.
    bool server_finished_ = false;  ///< 1.2: the server has spoken after that.
    bool done_ = false;
};

}  // namespace hw::flow::read
