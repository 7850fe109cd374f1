#include "flow/read/decode.hpp"

#include "flow/read/test_packets.hpp"

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;
using namespace hw::flow::read::test;

namespace {

struct Decoded {
    std::vector<Packet> packets;
    ReadReport report;
};

class Wire {
public:
    Wire& see(LinkType link, const Bytes& bytes, std::uint32_t wire = 0, std::size_t captured = SIZE_MAX) {
        const Frame frame{.bytes = std::span(bytes).first(std::min(captured, bytes.size())),
                          .wire_length = wire != 0 ? wire : static_cast<std::uint32_t>(bytes.size()), .time = at(0), .offset = 24};
        decoder.decode(link, frame, packets);
        return *this;
    }
    std::vector<Packet> packets;
    ReadReport report;
    Decoder decoder{1, report};
};

const Ip kPath{.source = kClient, .destination = kServer};
const Bytes kDatagram = udp(5353, 53, zeros(30));

void check_datagram(const Wire& wire) {
    REQUIRE(wire.packets.size() == 1);
    CHECK(wire.report.skipped.empty());
    const Packet& p = wire.packets[0];
    CHECK(p.source_port == 5353);
    CHECK(p.destination_port == 53);
    CHECK(p.payload == 30);
    CHECK(p.ttl == 64);
}

std::uint64_t skipped(const Wire& wire, std::string_view reason) {
    const auto found = wire.report.skipped.find(reason);
    return found == wire.report.skipped.end() ? 0 : found->second.count;
}

}  // namespace

TEST_CASE("decode: the same datagram under every link layer") {
    const Bytes v4 = ipv4(kPath, 17, kDatagram);
    const Bytes v6 = ipv6(kPath, 17, kDatagram);
    for (const Bytes& ip : {v4, v6}) {
        const std::uint16_t type = &ip == &v4 || ip[0] == std::byte{0x45} ? 0x0800 : 0x86dd;
        Bytes type_bytes;
        put(type_bytes, type, 2);
        check_datagram(Wire().see(LinkType::ethernet, ethernet(ip, type)));
        check_datagram(Wire().see(LinkType::ethernet, ethernet(hex("0064") + type_bytes + ip, 0x8100)));
        check_datagram(Wire().see(LinkType::ethernet, ethernet(hex("0064 8100 0065") + type_bytes + ip, 0x88a8)));
        check_datagram(Wire().see(LinkType::ethernet, ethernet(hex("00010040 00020140") + ip, 0x8847)));
        check_datagram(Wire().see(LinkType::ethernet, ethernet(hex("00010140 00000000") + ethernet(ip, type), 0x8847)));
        Bytes pppoe = hex("1100 0001");
        put(pppoe, ip.size() + 2, 2);
        check_datagram(Wire().see(LinkType::ethernet, ethernet(pppoe + (type == 0x0800 ? hex("0021") : hex("0057")) + ip, 0x8864)));
        check_datagram(Wire().see(LinkType::ppp, hex("ff03") + (type == 0x0800 ? hex("0021") : hex("0057")) + ip));
        check_datagram(Wire().see(LinkType::ppp, (type == 0x0800 ? hex("21") : hex("57")) + ip));
        check_datagram(Wire().see(LinkType::c_hdlc, hex("0f00") + type_bytes + ip));
        check_datagram(Wire().see(LinkType::raw, ip));
        check_datagram(Wire().see(LinkType::raw_bsd, ip));
        check_datagram(Wire().see(LinkType::null_loopback, (type == 0x0800 ? hex("02000000") : hex("1e000000")) + ip));
        check_datagram(Wire().see(LinkType::null_loopback, (type == 0x0800 ? hex("00000002") : hex("0000000a")) + ip));
        check_datagram(Wire().see(LinkType::loop, (type == 0x0800 ? hex("00000002") : hex("00000018")) + ip));
        check_datagram(Wire().see(LinkType::linux_sll, hex("0000 0001 0006 020000000001 0000") + type_bytes + ip));
        check_datagram(Wire().see(LinkType::linux_sll2, type_bytes + hex("0000 00000003 0001 00 06 020000000001 0000") + ip));
    }
    Bytes snap = hex("aaaa03 000000 0800") + v4;
    check_datagram(Wire().see(LinkType::ethernet, ethernet(snap, static_cast<std::uint16_t>(snap.size()))));
}

TEST_CASE("decode: the sender's interface is the same under Ethernet and Linux cooked captures") {
    const Bytes ip = ipv4(kPath, 17, kDatagram);
    const auto ether = Wire().see(LinkType::ethernet, ethernet(ip)).packets[0].link_sender;
    CHECK(ether != 0);
    CHECK(Wire().see(LinkType::linux_sll, hex("0000 0001 0006 020000000001 0000 0800") + ip).packets[0].link_sender == ether);
    CHECK(Wire().see(LinkType::linux_sll2, hex("0800 0000 00000003 0001 00 06 020000000001 0000") + ip).packets[0].link_sender == ether);
    CHECK(Wire().see(LinkType::raw, ip).packets[0].link_sender == 0);
    CHECK(Wire().see(LinkType::ethernet, ethernet(ip, 0x0800, 0x02'00'00'00'00'02)).packets[0].link_sender != ether);
}

TEST_CASE("decode: padding of short frames is not counted") {
    const Wire wire = Wire().see(LinkType::ethernet, ethernet(ipv4(kPath, 17, udp(5353, 53, {})) + zeros(18)));
    REQUIRE(wire.packets.size() == 1);
    CHECK(wire.packets[0].bytes == 28);
    CHECK(wire.packets[0].payload == 0);
}

TEST_CASE("decode: a length of 0 is a packet that the network card was to split") {
    Bytes ip = ipv4(kPath, 6, tcp({.from = 1, .to = 2}, 20'000));
    ip[2] = ip[3] = std::byte{0};
    const Wire wire = Wire().see(LinkType::ethernet, ethernet(ip));
    REQUIRE(wire.packets.size() == 1);
    CHECK(wire.packets[0].bytes == 20'040);
    CHECK(wire.packets[0].payload == 20'000);
}

TEST_CASE("decode: snapped packets are the flow's as long as their ports are there") {
    const Bytes frame = ethernet(ipv4(kPath, 6, tcp({.from = 40000, .to = 22, .sequence = 7}, 1000)));
    for (const std::size_t kept : {std::size_t{38}, std::size_t{45}, std::size_t{50}, std::size_t{60}}) {
        const Wire wire = Wire().see(LinkType::ethernet, frame, 0, kept);
        REQUIRE(wire.packets.size() == 1);
        CHECK(wire.packets[0].source_port == 40000);
        CHECK(wire.packets[0].bytes == 1040);
        CHECK(wire.packets[0].tcp == (kept >= 50));
        CHECK(wire.packets[0].payload == (kept >= 50 ? 1000 : 0));
    }
    CHECK(skipped(Wire().see(LinkType::ethernet, frame, 0, 37), "ports cut off by the snap length") == 1);
    CHECK(skipped(Wire().see(LinkType::ethernet, frame, 0, 30), "IP header cut short") == 1);
}

TEST_CASE("decode: the MSS of a SYN") {
    CHECK(Wire().see(LinkType::raw, ipv4(kPath, 6, tcp({.flags = tcp_flag::syn, .mss = 1400}))).packets[0].mss == 1400);
    // An option that claims to be longer than the header ends the search.
    Bytes lying = tcp({.flags = tcp_flag::syn, .mss = 1400});
    lying[21] = std::byte{200};
    CHECK(Wire().see(LinkType::raw, ipv4(kPath, 6, lying)).packets[0].mss == 0);
}

TEST_CASE("decode: fragments are counted to the flow of the first") {
    Ip first = kPath;
    first.id = 77;
    first.place = 0x2000;
    Ip later = first;
    later.place = 1480 / 8;
    Wire wire;
    wire.see(LinkType::raw, ipv4(later, 17, zeros(100)));
    CHECK(skipped(wire, "fragment whose first part was not seen") == 1);
    wire.see(LinkType::raw, ipv4(first, 17, udp(5353, 53, zeros(1472)))).see(LinkType::raw, ipv4(later, 17, zeros(100)));
    REQUIRE(wire.packets.size() == 2);
    CHECK(wire.packets[1].source_port == 5353);
    CHECK(wire.packets[1].payload == 100);
    CHECK(wire.packets[1].bytes == 120);
    Ip other = later;
    other.id = 78;
    wire.see(LinkType::raw, ipv4(other, 17, zeros(100)));
    CHECK(skipped(wire, "fragment whose first part was not seen") == 2);
}

TEST_CASE("decode: a TCP fragment knows its place in the stream") {
    Ip first = kPath;
    first.id = 5;
    first.place = 0x2000;
    Ip later = first;
    later.place = 48 / 8;
    Wire wire;
    wire.see(LinkType::raw, ipv4(first, 6, tcp({.from = 1, .to = 2, .sequence = 1000}, 28))).see(LinkType::raw, ipv4(later, 6, zeros(60)));
    REQUIRE(wire.packets.size() == 2);
    CHECK(wire.packets[0].payload == 28);
    CHECK(wire.packets[1].tcp);
    CHECK(wire.packets[1].sequence == 1028);
    CHECK(wire.packets[1].payload == 60);
}

TEST_CASE("decode: IPv6 extension headers are passed over, within limits") {
    const Bytes hop = hex("3c00 0104 00000000");
    const Bytes options = hex("1100 0104 00000000");
    check_datagram(Wire().see(LinkType::raw, ipv6(kPath, 0, hop + options + kDatagram)));
    Bytes many = kDatagram;
    for (int i = 0; i < 40; ++i) { many = (i == 0 ? options : hop) + many; }
    CHECK(skipped(Wire().see(LinkType::raw, ipv6(kPath, 60, many)), "too many IPv6 extension headers") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, ipv6(kPath, 60, hex("11ff 0104 00000000"))), "IPv6 extension header cut short") == 1);
    // First fragment, then a later one.
    Wire wire;
    wire.see(LinkType::raw, ipv6(kPath, 44, hex("1100 0001 0000beef") + udp(5353, 53, zeros(32))));
    wire.see(LinkType::raw, ipv6(kPath, 44, hex("1100 0028 0000beef") + zeros(50)));
    REQUIRE(wire.packets.size() == 2);
    CHECK(wire.packets[1].destination_port == 53);
    CHECK(wire.packets[1].payload == 50);
}

TEST_CASE("decode: an IPv6 packet cannot pass itself off as an IPv4 host's") {
    Bytes forged = ipv6(kPath, 17, kDatagram);
    const Bytes mapped = hex("00000000 00000000 0000ffff 0a000001");
    std::ranges::copy(mapped, forged.begin() + 8);
    CHECK(skipped(Wire().see(LinkType::raw, forged), "IPv4-mapped address in an IPv6 header") == 1);
}

TEST_CASE("decode: what a tunnel carries is a packet of its own, besides the tunnel's") {
    const Ip inner{.source = 0x0a63'0001, .destination = 0x0a63'0002, .ttl = 9};
    const Bytes inside = ipv4(inner, 17, kDatagram);
    const Bytes inside6 = ipv6(inner, 17, kDatagram);
    const std::vector<std::pair<std::string, Bytes>> tunnels = {
        {"IP in IP", ipv4(kPath, 4, inside)},
        {"6in4", ipv4(kPath, 41, inside6)},
        {"4in6", ipv6(kPath, 4, inside)},
        {"GRE", ipv4(kPath, 47, hex("0000 0800") + inside)},
        {"GRE with checksum, key, sequence", ipv4(kPath, 47, hex("b000 0800 00000000 00000001 00000002") + inside)},
        {"GRE bridged", ipv4(kPath, 47, hex("0000 6558") + ethernet(inside))},
        {"PPTP", ipv4(kPath, 47, hex("3001 880b 0000 0001 00000005 ff03 0021") + inside)},
        {"VXLAN", ipv4(kPath, 17, udp(50000, 4789, hex("08000000 00002a00") + ethernet(inside)))},
        {"Geneve", ipv4(kPath, 17, udp(50000, 6081, hex("0100 6558 00002a00 00000000") + ethernet(inside)))},
        {"GTP-U", ipv4(kPath, 17, udp(2152, 2152, hex("30ff 003a 00000001") + inside))},
    };
    for (const auto& [name, bytes] : tunnels) {
        CAPTURE(name);
        const Wire wire = Wire().see(LinkType::raw, bytes);
        REQUIRE(wire.packets.size() == 2);
        CHECK(wire.packets[0].tunnel_depth == 0);
        CHECK(wire.packets[1].tunnel_depth == 1);
        CHECK(wire.packets[1].source_port == 5353);
        CHECK(wire.packets[1].ttl == 9);
        CHECK(wire.packets[1].link_sender == 0);
        CHECK(wire.report.skipped.empty());
    }
}

TEST_CASE("decode: tunnels in tunnels end at a depth") {
    Bytes packet = ipv4(kPath, 17, kDatagram);
    for (int i = 0; i < 20; ++i) { packet = ipv4(kPath, 4, packet); }
    CHECK(Wire().see(LinkType::raw, packet).packets.size() == 5);
}

TEST_CASE("decode: what only has a tunnel's port is left alone, a broken inner packet is counted") {
    const Wire dns = Wire().see(LinkType::raw, ipv4(kPath, 17, udp(50000, 4789, zeros(60))));
    CHECK(dns.packets.size() == 1);
    CHECK(dns.report.skipped.empty());
    const Wire broken = Wire().see(LinkType::raw, ipv4(kPath, 4, hex("4500ffff")));
    CHECK(broken.packets.size() == 1);
    CHECK(skipped(broken, "packet inside a tunnel damaged or not IP") == 1);
}

TEST_CASE("decode: damaged headers are counted by reason") {
    CHECK(skipped(Wire().see(LinkType::ethernet, zeros(10)), "link header cut short") == 1);
    CHECK(skipped(Wire().see(LinkType::ethernet, ethernet(zeros(28), 0x0806)), "not IP") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, Bytes{}), "IP header cut short") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, hex("75")), "IP version neither 4 nor 6") == 1);
    Bytes ip = ipv4(kPath, 17, kDatagram);
    ip[0] = std::byte{0x44};
    CHECK(skipped(Wire().see(LinkType::raw, ip), "IPv4 header length below 20") == 1);
    ip[0] = std::byte{0x45};
    ip[2] = std::byte{0};
    ip[3] = std::byte{10};
    CHECK(skipped(Wire().see(LinkType::raw, ip), "IPv4 length below its header") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, ipv4(kPath, 6, zeros(10))), "TCP header cut short") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, ipv4(kPath, 6, zeros(20))), "TCP header length impossible") == 1);
    CHECK(skipped(Wire().see(LinkType::raw, ipv4(kPath, 17, zeros(4))), "transport header cut short") == 1);
    Bytes tags;
    for (int i = 0; i < 9; ++i) { tags = tags + hex("0001 8100"); }
    CHECK(skipped(Wire().see(LinkType::ethernet, ethernet(tags, 0x8100)), "too many VLAN tags") == 1);
}
