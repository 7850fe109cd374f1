#pragma once

#include "flow/read/frame_walk.hpp"
#include "flow/read/turn.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace hw::flow::read {

/// An HTTP/2 frame (RFC 9113, 4.1). Of a PING its eight bytes are worth having.
struct Http2Frame {
    static constexpr std::size_t kHead = 9;
    [[nodiscard]] static std::optional<std::uint64_t> length_of(std::span<const std::byte> head);
    [[nodiscard]] static std::uint64_t wanted_of(std::span<const std::byte> head);
};

/// HTTP/2 in clear: SETTINGS and PING, each of which the receiver must acknowledge at once.
class Http2Turns {
public:
    bool segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings);

private:
    struct Ping {
        std::array<std::byte, 8> word{};
        Time at;
        bool open = false;
    };
    struct Side {
        FrameWalk<Http2Frame> walk;
        std::optional<Time> settings;   ///< Sent, not acknowledged yet.
        std::array<Ping, 4> pings;
        std::uint8_t next = 0;
    };
    void frame(bool from_client, std::span<const std::byte> head, const Turn& turn, Findings& findings);

    Side client_;
    Side server_;
    std::uint32_t preface_left_ = 24;  ///< Of the client's connection preface.
};

/// A WebSocket frame (RFC 6455, 5.2).
struct WebSocketFrame {
    static constexpr std::size_t kHead = 2;
    [[nodiscard]] static std::optional<std::uint64_t> length_of(std::span<const std::byte> head);
    [[nodiscard]] static std::uint64_t wanted_of(std::span<const std::byte> head) { return head.size(); }
};

/// A WebSocket in clear, from its HTTP/1.1 upgrade on: pings, which the receiver must answer as soon as it can.
class WebSocketTurns {
public:
    bool segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings);

private:
    struct Side {
        FrameWalk<WebSocketFrame> walk;
        std::uint32_t header_bytes = 0;
        std::uint8_t line_ends = 0;      ///< How much of CR LF CR LF has come.
        std::uint8_t status_matched = 0; ///< The server: bytes of `HTTP/1.1 101` that have come.
        bool header_done = false;
        std::optional<Time> ping;        ///< Sent, not answered yet.
    };
    /// Takes the HTTP header off the front; false: this is no WebSocket, or the header cannot be seen.
    static bool header(bool from_client, Side& side, SegmentBytes& bytes);

    Side client_;
    Side server_;
};

}  // namespace hw::flow::read
