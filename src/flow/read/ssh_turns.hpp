#pragma once

#include "flow/read/frame_walk.hpp"
#include "flow/read/turn.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace hw::flow::read {

/// An SSH packet before encryption (RFC 4253, 6): length, padding length, message number.
struct SshPacket {
    static constexpr std::size_t kHead = 6;
    [[nodiscard]] static std::optional<std::uint64_t> length_of(std::span<const std::byte> head);
    [[nodiscard]] static std::uint64_t wanted_of(std::span<const std::byte>) { return kHead; }
};

/// Follows an SSH connection just far enough to know which words answer which. A client sends its banner and KEXINIT unasked,
/// and some guess the key exchange too; its key exchange message (where not guessed), its NEWKEYS and its first encrypted packets
/// after the service request are answers that nobody else can give.
class SshTurns {
public:
    /// The next new bytes of one direction. False: nothing more is to be had from this connection.
    bool segment(bool from_client, const SegmentBytes& bytes, const Turn& turn, Findings& findings);
    void finish(Findings& findings);

private:
    struct Side {
        FrameWalk<SshPacket> walk;
        std::string line;            ///< The banner line so far; at most 255 bytes (RFC 4253, 4.2).
        std::uint16_t lines = 0;     ///< Before the banner a server may say other things.
        bool banner_done = false;
        bool encrypted = false;
        std::uint8_t turns = 0;      ///< Encrypted answers taken.
    };
    /// Takes the banner off the front of `bytes`; false: this is no SSH.
    bool banner(bool from_client, SegmentBytes& bytes, Findings& findings);
    bool packet(bool from_client, std::span<const std::byte> head, std::uint64_t length, const Turn& turn, Findings& findings);
    void encrypted(bool from_client, std::uint32_t length, const Turn& turn, Findings& findings);
    void key_init(const Turn& turn, Findings& findings);

    static constexpr std::uint8_t kLogInTurns = 2;
    static constexpr std::uint8_t kEchoes = 24;

    Side client_;
    Side server_;
    std::optional<Time> client_kexinit_;
    bool server_kexinit_ = false;
    bool key_init_ = false;        ///< The client's first key exchange message has come.
    bool key_reply_ = false;
    bool log_in_begun_ = false;    ///< The client's first encrypted packet has come.
    bool server_spoke_ = false;    ///< Since the client did, after that.
    std::optional<Time> keystroke_;
    std::uint8_t echoes_ = 0;
};

}  // namespace hw::flow::read
