#include "flow/read/decode.hpp"
#include "flow/read/header_bytes.hpp"

#include <algorithm>
#include <bit>

namespace hw::flow::read {
namespace {
namespace link_detail {

constexpr unsigned kMaxTags = 8;
constexpr unsigned kMaxLabels = 16;

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint16_t kBridged = 0x6558;  // Transparent Ethernet bridging
constexpr std::uint16_t kPppoeSession = 0x8864;
constexpr bool is_tag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200; }
constexpr bool is_mpls(std::uint16_t type) { return type == 0x8847 || type == 0x8848; }

/// A 48-bit address in 32 bits, never 0.
std::uint32_t short_hash(std::uint64_t mac) {
    const std::uint64_t mixed = (mac + 1) * 0x9e37'79b9'7f4a'7c15ULL;
    const auto folded = static_cast<std::uint32_t>((mixed >> 32U) ^ (mixed >> 7U));
    return folded == 0 ? 1 : folded;
}

/// The first six of eight bytes.
constexpr std::uint64_t mac_of(std::uint64_t eight) { return eight >> 16U; }

}  // namespace link_detail
}  // namespace

void Decoder::decode(LinkType link, const Frame& frame, std::vector<Packet>& out) {
    out_ = &out;
    frame_ = &frame;
    link_sender_ = 0;
    udp_payload_ = {};
    const Rest rest{frame.bytes, frame.wire_length};
    switch (link) {
        case LinkType::ethernet: return ethernet(rest, 0);
        case LinkType::raw_bsd:
        case LinkType::raw_openbsd:
        case LinkType::raw:
        case LinkType::ipv4:
        case LinkType::ipv6: return ip(rest, 0);
        case LinkType::linux_sll: return sll(rest);
        case LinkType::linux_sll2: return sll2(rest);
        case LinkType::null_loopback: return loopback(rest, false);
        case LinkType::loop: return loopback(rest, true);
        case LinkType::ppp:
        case LinkType::ppp_hdlc: return ppp(rest, 0);
        case LinkType::ppp_ether: return pppoe(rest, 0);
        case LinkType::c_hdlc:
            if (!rest.has(4)) { return reject("link header cut short", 0); }
            return ether_type(be16_at<2>(header_of<4>(rest.bytes)), rest.after(4), 0);
    }
    reject("link type not supported", 0);
}

void Decoder::ethernet(Rest rest, unsigned depth) {
    if (!rest.has(14)) { return reject("link header cut short", depth); }
    const auto header = header_of<14>(rest.bytes);
    if (depth == 0) { link_sender_ = link_detail::short_hash(link_detail::mac_of(be64_at<6>(header))); }
    ether_type(be16_at<12>(header), rest.after(14), depth);
}

void Decoder::ether_type(std::uint16_t type, Rest rest, unsigned depth) {
    for (unsigned tags = 0; link_detail::is_tag(type); ++tags) {
        if (tags == link_detail::kMaxTags) { return reject("too many VLAN tags", depth); }
        if (!rest.has(4)) { return reject("link header cut short", depth); }
        type = be16_at<2>(header_of<4>(rest.bytes));
        rest = rest.after(4);
    }
    if (type == link_detail::kIpv4 || type == link_detail::kIpv6) { return ip(rest, depth); }
    if (link_detail::is_mpls(type)) { return mpls(rest, depth); }
    if (type == link_detail::kPppoeSession) { return pppoe(rest, depth); }
    if (type == link_detail::kBridged) { return ethernet(rest, depth); }
    if (type <= 1500 && rest.has(8)) {
        // IEEE 802.3 with LLC and SNAP (RFC 1042): AA AA 03 00 00 00, then an EtherType.
        const auto snap = header_of<8>(rest.bytes);
        if (be32_at<0>(snap) == 0xaaaa'0300U && be16_at<4>(snap) == 0) {
            const std::uint16_t inner = be16_at<6>(snap);
            if (inner == link_detail::kIpv4 || inner == link_detail::kIpv6) { return ip(rest.after(8).trimmed(type), depth); }
        }
    }
    reject("not IP", depth);
}

void Decoder::mpls(Rest rest, unsigned depth) {
    for (unsigned labels = 0;; ++labels) {
        if (labels == link_detail::kMaxLabels) { return reject("too many MPLS labels", depth); }
        if (!rest.has(5)) { return reject("link header cut short", depth); }
        const bool bottom = (u8_at<2>(header_of<4>(rest.bytes)) & 1U) != 0;
        rest = rest.after(4);
        if (bottom) { break; }
    }
    // What follows is not named; the first nibble tells IP, and 0 a pseudowire's control word (RFC 4385).
    const unsigned nibble = u8_at<0>(header_of<1>(rest.bytes)) >> 4U;
    if (nibble == 4 || nibble == 6) { return ip(rest, depth); }
    if (nibble == 0 && rest.has(4)) { return ethernet(rest.after(4), depth); }
    reject("not IP", depth);
}

void Decoder::pppoe(Rest rest, unsigned depth) {
    if (!rest.has(6)) { return reject("link header cut short", depth); }
    const auto header = header_of<6>(rest.bytes);
    if (u8_at<0>(header) != 0x11 || u8_at<1>(header) != 0) { return reject("not IP", depth); }  // version 1 type 1, session data
    ppp(rest.after(6).trimmed(be16_at<4>(header)), depth);
}

void Decoder::ppp(Rest rest, unsigned depth) {
    // HDLC-like framing (RFC 1662) starts with address FF, control 03; both may be left out.
    if (rest.has(2) && be16_at<0>(header_of<2>(rest.bytes)) == 0xff03) { rest = rest.after(2); }
    if (!rest.has(2)) { return reject("link header cut short", depth); }
    const bool compressed = (u8_at<0>(header_of<2>(rest.bytes)) & 1U) != 0;  // a one-byte protocol field is odd
    const std::uint16_t protocol = compressed ? u8_at<0>(header_of<2>(rest.bytes)) : be16_at<0>(header_of<2>(rest.bytes));
    rest = rest.after(compressed ? 1 : 2);
    if (protocol == 0x0021 || protocol == 0x0057) { return ip(rest, depth); }
    if (protocol == 0x0281 || protocol == 0x0283) { return mpls(rest, depth); }
    reject("not IP", depth);
}

void Decoder::loopback(Rest rest, bool network_order) {
    if (!rest.has(4)) { return reject("link header cut short", 0); }
    std::uint32_t family = be32_at<0>(header_of<4>(rest.bytes));
    if (!network_order && family > 0xffffU) { family = std::byteswap(family); }  // the writer's order is not said
    // AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30 (Linux, NetBSD and OpenBSD, FreeBSD, Darwin).
    constexpr std::array<std::uint32_t, 5> kFamilies = {2, 10, 24, 28, 30};
    if (std::ranges::find(kFamilies, family) == kFamilies.end()) { return reject("not IP", 0); }
    ip(rest.after(4), 0);
}

void Decoder::sll(Rest rest) {
    if (!rest.has(16)) { return reject("link header cut short", 0); }
    const auto header = header_of<16>(rest.bytes);
    if (be16_at<4>(header) == 6) { link_sender_ = link_detail::short_hash(link_detail::mac_of(be64_at<6>(header))); }
    ether_type(be16_at<14>(header), rest.after(16), 0);
}

void Decoder::sll2(Rest rest) {
    if (!rest.has(20)) { return reject("link header cut short", 0); }
    const auto header = header_of<20>(rest.bytes);
    if (u8_at<11>(header) == 6) { link_sender_ = link_detail::short_hash(link_detail::mac_of(be64_at<12>(header))); }
    ether_type(be16_at<0>(header), rest.after(20), 0);
}

void Decoder::reject(std::string_view reason, unsigned depth) {
    if (depth == 0) {
        report_->skip(reason, frame_->offset);
    } else if (!guessing_) {
        report_->skip("packet inside a tunnel damaged or not IP", frame_->offset);
    }
}

}  // namespace hw::flow::read
