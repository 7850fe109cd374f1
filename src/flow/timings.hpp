#pragma once

#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow {

/// How a round trip was measured to whoever really speaks at one end of a connection, and not merely to the machine whose TCP
/// answers there: a question that this end cannot answer before it has read the other's words, and its answer.
enum class FarMethod : std::uint8_t {
    tls12_key_exchange,     ///< TLS 1.2: ServerHelloDone → ClientKeyExchange (RFC 5246, 7.3).
    tls12_finished,         ///< TLS 1.2: server's Finished → the client's first application data; client's Finished → server's answer.
    tls12_resumed,          ///< TLS 1.2, abbreviated: server's Finished → client's ChangeCipherSpec.
    tls13_finished,         ///< TLS 1.3: server's flight → client's Finished (RFC 8446, 2).
    tls_retry,              ///< TLS 1.3: HelloRetryRequest → second ClientHello.
    tls_hello,              ///< ClientHello → ServerHello.
    ssh_key_init,           ///< SSH: server's KEXINIT → the client's first key exchange message (RFC 4253, 7).
    ssh_new_keys,           ///< SSH: server's key exchange reply → client's NEWKEYS.
    ssh_key_reply,          ///< SSH: the client's key exchange message → the server's reply.
    ssh_log_in,             ///< SSH: the first exchanges after NEWKEYS, service request and log-in, in strict turns (RFC 4252).
    ssh_echo,               ///< SSH: one keystroke → its echo.
    http2_settings,         ///< HTTP/2 without TLS: SETTINGS → its acknowledgement (RFC 9113, 6.5.3).
    http2_ping,             ///< HTTP/2 without TLS: PING → its acknowledgement (RFC 9113, 6.7).
    websocket_ping,         ///< WebSocket without TLS: ping → pong (RFC 6455, 5.5.2).
};
inline constexpr std::size_t kFarMethods = 14;
/// `tls12-key-exchange`, `ssh-echo`, …
[[nodiscard]] std::string_view to_string(FarMethod method);

/// Why a connection gave no far round trip, or fewer than it might have.
enum class Unmeasured : std::uint8_t {
    not_understood,    ///< It carries none of the protocols that are understood, or nothing at all.
    beginning_unseen,  ///< Its SYN or SYN-ACK is not in the capture.
    unfinished,        ///< It ended before the far end had answered anything.
    early_data,        ///< TLS 1.3 early data: the client spoke before it was asked.
    unprompted,        ///< An answer that came before the question could have got there: it was none.
    disturbed,         ///< Loss or a second sending between question and answer: which copy was answered is not known.
    cut_off,           ///< The capture's snap length cut off the headers that tell the messages apart.
    no_packets,        ///< A log tells of it, and no packet was captured.
    not_tcp,           ///< It is no TCP: nobody's TCP answers in the far end's stead.
};
inline constexpr std::size_t kUnmeasuredReasons = 9;
/// `snap-length`, `early-data`, …
[[nodiscard]] std::string_view to_string(Unmeasured reason);

/// One round trip to the far end.
struct FarSample {
    FarMethod method{};
    std::uint32_t micros = 0;
    friend bool operator==(const FarSample&, const FarSample&) = default;
};

/// What was timed and noted of one end of a connection.
struct EndTimings {
    /// Round trips from the sensor to the machine whose TCP answers there: SYN → SYN-ACK → ACK first, then data → ACK;
    /// the first `kTransportKept`, in µs.
    std::vector<std::uint32_t> transport;
    std::uint32_t transport_min = 0;   ///< Of all of them, in µs; meaningful where `transport` is not empty.
    std::vector<FarSample> far;        ///< At most `kFarKept`.
    std::uint8_t ttl = 0;              ///< Of its SYN or SYN-ACK; 0 where not seen. The rest likewise.
    std::uint16_t mss = 0;
    std::uint16_t window = 0;
    std::string software;              ///< What it calls itself (SSH banner); printable, at most `kSoftwareKept` bytes.
    friend bool operator==(const EndTimings&, const EndTimings&) = default;
};
inline constexpr std::size_t kTransportKept = 16;
inline constexpr std::size_t kFarKept = 48;
inline constexpr std::size_t kSoftwareKept = 48;

/// The timings of one TCP connection, as one sensor saw them.
struct ConnectionTimings {
    ObserverId observer{};
    net::Endpoint client;
    net::Endpoint server;
    Time first;
    EndTimings client_end;
    EndTimings server_end;
    std::uint16_t unmeasured = 0;  ///< Bit `1 << Unmeasured`.

    [[nodiscard]] bool has(Unmeasured reason) const { return (unmeasured & (1U << static_cast<unsigned>(reason))) != 0; }
    friend bool operator==(const ConnectionTimings&, const ConnectionTimings&) = default;
};

}  // namespace hw::flow
