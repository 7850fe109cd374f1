#pragma once

#include "flow/read/fragment.hpp"
#include "flow/read/packet.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hw::flow::read {

/// Link-layer header types that are understood (LINKTYPE_ numbers, draft-ietf-opsawg-pcaplinktype).
enum class LinkType : std::uint16_t {
    null_loopback = 0,
    ethernet = 1,
    ppp = 9,
    raw_bsd = 12,
    raw_openbsd = 14,
    ppp_hdlc = 50,
    ppp_ether = 51,
    raw = 101,
    c_hdlc = 104,
    loop = 108,
    linux_sll = 113,
    ipv4 = 228,
    ipv6 = 229,
    linux_sll2 = 276,
};

/// One captured frame.
struct Frame {
    std::span<const std::byte> bytes;  ///< What was captured.
    std::uint32_t wire_length = 0;     ///< What was sent: at least `bytes.size()`.
    Time time;
    std::uint64_t offset = 0;          ///< Of its record in the unpacked input.
};

/// Turns frames into packets. Never reads past a frame; each frame costs a bounded amount of work whatever it says
/// (at most 8 VLAN tags, 16 MPLS labels, 16 extension headers, 4 tunnels).
class Decoder {
public:
    /// `seed` keys the fragment table; `report` counts what is passed over.
    Decoder(std::uint64_t seed, ReadReport& report) : fragments_(seed), report_(&report) {}
    /// Counts into another report from now on.
    void report_to(ReadReport& report) { report_ = &report; }

    /// Appends the packets of `frame` to `out`: none (then the report has counted why), one, or with tunnels several.
    void decode(LinkType link, const Frame& frame, std::vector<Packet>& out);
    /// What was captured of the TCP payload of the last packet that the last call appended, where that is TCP. Points into its
    /// frame.
    [[nodiscard]] std::span<const std::byte> tcp_payload() const { return tcp_payload_; }
    /// What was captured of the payload of the first packet that the last call appended, where that is UDP in no tunnel and no
    /// fragment but the first; else empty.
    [[nodiscard]] std::span<const std::byte> udp_payload() const { return udp_payload_; }

private:
    /// What is left of a frame from some header on.
    struct Rest {
        std::span<const std::byte> bytes;
        std::uint32_t wire = 0;
        [[nodiscard]] bool has(std::size_t n) const { return bytes.size() >= n; }
        /// Without its first `n` bytes; `has(n)` must hold.
        [[nodiscard]] Rest after(std::size_t n) const {
            const auto count = static_cast<std::uint32_t>(n);
            return {bytes.subspan(n), wire > count ? wire - count : 0};
        }
        /// Without what follows its first `length` bytes (padding).
        [[nodiscard]] Rest trimmed(std::uint32_t length) const {
            return {bytes.size() > length ? bytes.first(length) : bytes, wire < length ? wire : length};
        }
    };

    void ethernet(Rest rest, unsigned depth);
    void ether_type(std::uint16_t type, Rest rest, unsigned depth);
    void mpls(Rest rest, unsigned depth);
    void ppp(Rest rest, unsigned depth);
    void pppoe(Rest rest, unsigned depth);
    void loopback(Rest rest, bool network_order);
    void sll(Rest rest);
    void sll2(Rest rest);
    void ip(Rest rest, unsigned depth);
    void ipv4(Rest rest, unsigned depth);
    void ipv6(Rest rest, unsigned depth);
    void transport(Rest rest, unsigned depth);
    bool tcp(Rest rest);
    void fragment(Rest rest, std::uint32_t identification, std::uint32_t fragment_offset, bool more, unsigned depth);
    void tunnels(Rest rest, unsigned depth);
    void gre(Rest rest, unsigned depth);
    void udp_tunnel(Rest rest, unsigned depth);
    void push(unsigned depth);
    void reject(std::string_view reason, unsigned depth);

    FragmentTable fragments_;
    ReadReport* report_;
    // While one frame is worked on:
    std::vector<Packet>* out_ = nullptr;
    const Frame* frame_ = nullptr;
    Packet packet_;
    std::uint32_t link_sender_ = 0;
    std::span<const std::byte> tcp_payload_;
    std::span<const std::byte> udp_payload_;
    bool guessing_ = false;  ///< Inside a tunnel that only a port number has told of.
};

}  // namespace hw::flow::read
