#pragma once

#include "flow/read/frame_walk.hpp"
#include "flow/read/test_packets.hpp"

#include <string_view>

/// Messages of TLS, SSH, HTTP/2 and WebSocket built by hand, for the tests of this room.
namespace hw::flow::read::test {

inline Bytes text(std::string_view words) {
    Bytes out;
    for (const char c : words) { out.push_back(static_cast<std::byte>(static_cast<unsigned char>(c))); }
    return out;
}
/// A TLS record with `length` bytes, the first of them the handshake message's type.
inline Bytes tls_record(std::uint8_t type, std::size_t length, std::uint8_t message = 0) {
    Bytes out;
    put(out, type, 1), put(out, 0x0303, 2), put(out, length, 2), put(out, message, 1);
    return out + zeros(length - 1);
}
inline Bytes client_hello() { return tls_record(22, 512, 1); }
inline Bytes server_hello() { return tls_record(22, 118, 2); }
inline Bytes retry_request() {
    Bytes out = hex("16 0303 0058 02 000054 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
    return out + zeros(5 + 0x58 - out.size());
}
inline Bytes change_cipher() { return tls_record(20, 1, 1); }
inline Bytes application_data(std::size_t length = 53) { return tls_record(23, length, 0xaa); }

/// An SSH packet before encryption, with `payload` bytes in all, the first of them the message number.
inline Bytes ssh_packet(std::uint8_t message, std::size_t payload, std::byte last = std::byte{0}) {
    std::size_t padding = 4;
    while ((5 + payload + padding) % 8 != 0) { ++padding; }
    Bytes out;
    put(out, 1 + payload + padding, 4), put(out, padding, 1), put(out, message, 1);
    out = out + zeros(payload - 1);
    if (message == 20) { out[out.size() - 5] = last; }  // first_kex_packet_follows, before the reserved word
    return out + zeros(padding);
}

inline SegmentBytes whole(const Bytes& bytes) { return {.seen = bytes, .length = static_cast<std::uint32_t>(bytes.size()), .gap = 0}; }
/// As a capture with this many bytes a payload kept it.
inline SegmentBytes snapped(const Bytes& bytes, std::size_t kept) {
    return {.seen = std::span(bytes).first(std::min(kept, bytes.size())), .length = static_cast<std::uint32_t>(bytes.size()), .gap = 0};
}

/// Plays a conversation: every segment `at` milliseconds, each a turn of its own unless the same end speaks on.
template <typename Turns>
class Conversation {
public:
    ConnectionTimings timings;
    Turns turns;
    bool more = true;

    Conversation& say(bool client, double at_ms, const SegmentBytes& bytes, bool clean = true) {
        const Time now = Time::from_micros(static_cast<std::int64_t>(at_ms * 1000));
        Findings findings(timings);
        const Turn turn{.now = now, .prompt = last_[client ? 1 : 0], .starts = speaker_ != (client ? 0 : 1), .clean = clean};
        more = turns.segment(client, bytes, turn, findings) && more;
        last_[client ? 0 : 1] = now;
        speaker_ = client ? 0 : 1;
        return *this;
    }
    Conversation& client(double at_ms, const Bytes& bytes) { return say(true, at_ms, whole(bytes)); }
    Conversation& server(double at_ms, const Bytes& bytes) { return say(false, at_ms, whole(bytes)); }
    [[nodiscard]] const std::vector<FarSample>& far() const { return timings.client_end.far; }

private:
    std::array<std::optional<Time>, 2> last_;
    int speaker_ = 2;
};

}  // namespace hw::flow::read::test
