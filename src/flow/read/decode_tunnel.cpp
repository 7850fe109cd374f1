#include "flow/read/decode.hpp"
#include "flow/read/header_bytes.hpp"

namespace hw::flow::read {
namespace {
namespace tunnel_detail {

constexpr unsigned kMaxDepth = 4;
constexpr std::uint8_t kIpInIp = 4;
constexpr std::uint8_t k6In4 = 41;
constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kMplsInIp = 137;
constexpr std::uint16_t kVxlan = 4789;
constexpr std::uint16_t kGeneve = 6081;
constexpr std::uint16_t kGtpUser = 2152;

}  // namespace tunnel_detail
}  // namespace

void Decoder::tunnels(Rest rest, unsigned depth) {
    if (depth >= tunnel_detail::kMaxDepth) { return; }
    switch (packet_.protocol) {
        case tunnel_detail::kIpInIp:
        case tunnel_detail::k6In4: return ip(rest, depth + 1);
        case tunnel_detail::kMplsInIp: return mpls(rest, depth + 1);
        case tunnel_detail::kGre: return gre(rest, depth + 1);
        case tunnel_detail::kUdp: {
            // Known by port number only: what does not look like it is left alone without a word.
            const bool outer = !guessing_;
            guessing_ = true;
            udp_tunnel(rest, depth + 1);
            if (outer) { guessing_ = false; }
            return;
        }
        default: return;
    }
}

/// RFC 2784, RFC 2890, and version 1 with PPP inside (RFC 2637, PPTP).
void Decoder::gre(Rest rest, unsigned depth) {
    if (!rest.has(4)) { return; }
    const std::uint16_t flags = be16_at<0>(header_of<4>(rest.bytes));
    const std::uint16_t type = be16_at<2>(header_of<4>(rest.bytes));
    const unsigned version = flags & 7U;
    if (version > 1 || (flags & 0x4000U) != 0) { return; }  // source routing is long obsolete
    std::size_t length = 4;
    if ((flags & 0x8000U) != 0) { length += 4; }
    if ((flags & 0x2000U) != 0) { length += 4; }
    if ((flags & 0x1000U) != 0) { length += 4; }
    if (version == 1 && (flags & 0x0080U) != 0) { length += 4; }
    if (!rest.has(length)) { return; }
    const Rest inside = rest.after(length);
    if (version == 1) {
        if (type == 0x880b && inside.wire > 0) { ppp(inside, depth); }
        return;
    }
    const bool known = type == 0x0800 || type == 0x86dd || type == 0x6558 || type == 0x8847 || type == 0x8848;
    if (known) { ether_type(type, inside, depth); }
}

void Decoder::udp_tunnel(Rest rest, unsigned depth) {
    if (!rest.has(16)) { return; }
    const std::uint16_t port = packet_.destination_port;
    const auto header = header_of<16>(rest.bytes);  // UDP, then the tunnel's first eight bytes
    if (port == tunnel_detail::kVxlan) {
        // RFC 7348: only the I flag set, reserved fields zero.
        if (be32_at<8>(header) == 0x0800'0000U && u8_at<15>(header) == 0) { ethernet(rest.after(16), depth); }
    } else if (port == tunnel_detail::kGeneve) {
        // RFC 8926: version 0, length of options in words, EtherType.
        const unsigned options = u8_at<8>(header);
        const std::size_t length = 16 + std::size_t{options} * 4;
        if (options < 0x40 && u8_at<15>(header) == 0 && rest.has(length)) { ether_type(be16_at<10>(header), rest.after(length), depth); }
    } else if (port == tunnel_detail::kGtpUser) {
        // 3GPP TS 29.281: version 1, protocol type GTP, message 255 (G-PDU); an optional four bytes, no extensions.
        const unsigned flags = u8_at<8>(header);
        if ((flags & 0xf0U) != 0x30 || (flags & 0x04U) != 0 || u8_at<9>(header) != 255) { return; }
        const std::size_t length = (flags & 0x03U) != 0 ? 20 : 16;
        if (rest.has(length + 1)) { ip(rest.after(length), depth); }
    }
}

}  // namespace hw::flow::read
