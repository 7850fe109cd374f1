#include "flow/read/decode.hpp"
#include "flow/read/header_bytes.hpp"

#include <algorithm>

namespace hw::flow::read {
namespace {
namespace ip_detail {

constexpr unsigned kMaxExtensionHeaders = 16;

enum NextHeader : std::uint8_t { hop_by_hop = 0, routing = 43, fragment_header = 44, authentication = 51, no_next = 59,
                                 destination_options = 60, mobility = 135, hip = 139, shim6 = 140 };

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;

constexpr std::uint32_t less(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : 0; }

/// The MSS option among the options of a SYN (RFC 9293, 3.2); 0 where absent.
std::uint16_t mss_option(std::span<const std::byte> options) {
    while (options.size() >= 2) {
        const auto kind = std::to_integer<unsigned>(options[0]);
        if (kind == 0) { break; }
        if (kind == 1) {
            options = options.subspan(1);
            continue;
        }
        const auto length = std::to_integer<std::size_t>(options[1]);
        if (length < 2 || length > options.size()) { break; }
        if (kind == 2 && length == 4) { return be16_at<2>(header_of<4>(options)); }
        options = options.subspan(length);
    }
    return 0;
}

}  // namespace ip_detail
}  // namespace

void Decoder::ip(Rest rest, unsigned depth) {
    if (!rest.has(1)) { return reject("IP header cut short", depth); }
    const unsigned version = u8_at<0>(header_of<1>(rest.bytes)) >> 4U;
    if (version == 4) { return ipv4(rest, depth); }
    if (version == 6) { return ipv6(rest, depth); }
    reject("IP version neither 4 nor 6", depth);
}

void Decoder::ipv4(Rest rest, unsigned depth) {
    if (!rest.has(20)) { return reject("IP header cut short", depth); }
    const auto header = header_of<20>(rest.bytes);
    const std::uint32_t header_length = (u8_at<0>(header) & 0x0fU) * 4U;
    if (header_length < 20) { return reject("IPv4 header length below 20", depth); }
    std::uint32_t total = be16_at<2>(header);
    if (total == 0) { total = rest.wire; }  // the sender left the splitting to its network card
    if (total < header_length) { return reject("IPv4 length below its header", depth); }
    if (total > rest.wire) {
        if (depth > 0) { return reject("IPv4 length beyond its frame", depth); }
        total = rest.wire;
    }
    if (!rest.has(header_length)) { return reject("IP header cut short", depth); }

    packet_ = Packet{};
    packet_.source = net::Address::v4(be32_at<12>(header));
    packet_.destination = net::Address::v4(be32_at<16>(header));
    packet_.bytes = total;
    packet_.ttl = u8_at<8>(header);
    packet_.protocol = u8_at<9>(header);

    const Rest inside = rest.trimmed(total).after(header_length);
    const std::uint16_t place = be16_at<6>(header);
    if ((place & 0x3fffU) == 0) { return transport(inside, depth); }
    fragment(inside, be16_at<4>(header), (place & 0x1fffU) * 8U, (place & 0x2000U) != 0, depth);
}

void Decoder::ipv6(Rest rest, unsigned depth) {
    using namespace ip_detail;  // within this function only
    if (!rest.has(40)) { return reject("IP header cut short", depth); }
    const auto header = header_of<40>(rest.bytes);
    std::uint32_t total = 40U + be16_at<4>(header);
    if (total == 40) { total = rest.wire; }  // jumbogram, or split by the network card; also no payload at all
    if (total > rest.wire) {
        if (depth > 0) { return reject("IPv6 length beyond its frame", depth); }
        total = rest.wire;
    }
    packet_ = Packet{};
    packet_.source = net::Address::v6(be64_at<8>(header), be64_at<16>(header));
    packet_.destination = net::Address::v6(be64_at<24>(header), be64_at<32>(header));
    // IPv4-mapped addresses do not belong on the wire (RFC 4291, 2.5.5.2); taken for IPv4 they would name a stranger.
    if (packet_.source.is_v4() || packet_.destination.is_v4()) { return reject("IPv4-mapped address in an IPv6 header", depth); }
    packet_.bytes = total;
    packet_.ttl = u8_at<7>(header);

    std::uint8_t next = u8_at<6>(header);
    Rest inside = rest.trimmed(total).after(40);
    for (unsigned headers = 0;; ++headers) {
        packet_.protocol = next;
        std::size_t length = 0;
        switch (next) {
            case hop_by_hop:
            case routing:
            case destination_options:
            case mobility:
            case hip:
            case shim6:
            case authentication:
            case fragment_header: {
                if (headers == kMaxExtensionHeaders) { return reject("too many IPv6 extension headers", depth); }
                if (!inside.has(8)) { return reject("IPv6 extension header cut short", depth); }
                const auto extension = header_of<8>(inside.bytes);
                length = next == authentication    ? (u8_at<1>(extension) + 2U) * 4U
                         : next == fragment_header ? 8U
                                                   : (u8_at<1>(extension) + 1U) * 8U;
                if (!inside.has(length)) { return reject("IPv6 extension header cut short", depth); }
                const bool fragmented = next == fragment_header && (be16_at<2>(extension) & 0xfff9U) != 0;
                next = u8_at<0>(extension);
                inside = inside.after(length);
                if (fragmented) {
                    packet_.protocol = next;
                    const std::uint16_t place = be16_at<2>(extension);
                    return fragment(inside, be32_at<4>(extension), place & 0xfff8U, (place & 1U) != 0, depth);
                }
                break;
            }
            case no_next:
                packet_.payload = 0;
                return push(depth);
            default: return transport(inside, depth);
        }
    }
}

void Decoder::fragment(Rest rest, std::uint32_t identification, std::uint32_t fragment_offset, bool more, unsigned depth) {
    const FragmentKey key{.source = packet_.source, .destination = packet_.destination, .identification = identification,
                          .protocol = packet_.protocol, .tunnel_depth = static_cast<std::uint8_t>(depth)};
    if (fragment_offset == 0) {
        const std::size_t before = out_->size();
        transport(rest, depth);
        if (more && out_->size() > before) {
            const Packet& first = (*out_)[before];
            const std::uint32_t header = ip_detail::less(rest.wire, first.payload);
            fragments_.remember(key,
                                {.source_port = first.source_port, .destination_port = first.destination_port,
                                 .sequence_base = first.sequence - header, .tcp = first.tcp},
                                frame_->time);
        }
        return;
    }
    const auto head = fragments_.find(key, frame_->time);
    if (!head) { return reject("fragment whose first part was not seen", depth); }
    packet_.source_port = head->source_port;
    packet_.destination_port = head->destination_port;
    packet_.payload = rest.wire;
    tcp_payload_ = rest.bytes;
    packet_.tcp = head->tcp;
    packet_.tcp_flags = head->tcp ? tcp_flag::ack : std::uint8_t{0};
    packet_.sequence = head->sequence_base + fragment_offset;
    push(depth);
}

void Decoder::transport(Rest rest, unsigned depth) {
    using ip_detail::less;
    switch (packet_.protocol) {
        case ip_detail::kTcp:
            if (rest.wire < 20) { return reject("TCP header cut short", depth); }
            if (!rest.has(4)) { return reject("ports cut off by the snap length", depth); }
            if (!tcp(rest)) { return reject("TCP header length impossible", depth); }
            break;
        case ip_detail::kUdp:
        case ip_detail::kSctp: {
            const std::uint32_t header_length = packet_.protocol == ip_detail::kUdp ? 8 : 12;
            if (rest.wire < header_length) { return reject("transport header cut short", depth); }
            if (!rest.has(4)) { return reject("ports cut off by the snap length", depth); }
            const auto ports = header_of<4>(rest.bytes);
            packet_.source_port = be16_at<0>(ports);
            packet_.destination_port = be16_at<2>(ports);
            packet_.payload = rest.wire - header_length;
            if (depth == 0 && packet_.protocol == ip_detail::kUdp && rest.has(header_length)) { udp_payload_ = rest.bytes.subspan(header_length); }
            break;
        }
        case ip_detail::kIcmp:
        case ip_detail::kIcmp6: {
            const std::uint8_t echo_reply = packet_.protocol == ip_detail::kIcmp ? 0 : 129;
            packet_.reply = rest.has(1) && u8_at<0>(header_of<1>(rest.bytes)) == echo_reply;
            packet_.payload = less(rest.wire, 8);
            break;
        }
        default: packet_.payload = rest.wire;
    }
    push(depth);
    if (packet_.protocol != ip_detail::kTcp) { tunnels(rest, depth); }
}

bool Decoder::tcp(Rest rest) {
    const auto ports = header_of<4>(rest.bytes);
    packet_.source_port = be16_at<0>(ports);
    packet_.destination_port = be16_at<2>(ports);
    tcp_payload_ = {};
    if (!rest.has(16)) { return true; }  // snapped: the flow's, but nothing is known of its sequence
    const auto header = header_of<16>(rest.bytes);
    const std::uint32_t header_length = (u8_at<12>(header) >> 4U) * 4U;
    if (header_length < 20 || header_length > rest.wire) { return false; }
    packet_.tcp = true;
    packet_.sequence = be32_at<4>(header);
    packet_.acknowledgement = be32_at<8>(header);
    packet_.tcp_flags = u8_at<13>(header);
    packet_.window = be16_at<14>(header);
    packet_.payload = rest.wire - header_length;
    tcp_payload_ = rest.bytes.subspan(std::min<std::size_t>(header_length, rest.bytes.size()));
    if ((packet_.tcp_flags & tcp_flag::syn) != 0 && rest.bytes.size() > 20) {
        const std::size_t end = std::min<std::size_t>(header_length, rest.bytes.size());
        packet_.mss = ip_detail::mss_option(rest.bytes.first(end).subspan(20));
    }
    return true;
}

void Decoder::push(unsigned depth) {
    packet_.time = frame_->time;
    packet_.offset = frame_->offset;
    packet_.link_sender = depth == 0 ? link_sender_ : 0;
    packet_.tunnel_depth = static_cast<std::uint8_t>(depth);
    out_->push_back(packet_);
}

}  // namespace hw::flow::read
