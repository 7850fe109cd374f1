#include "packets.hpp"

#include "base/input/block_window.hpp"
#include "base/input/unpack.hpp"
#include "flow/read/decode.hpp"
#include "flow/read/sequence.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace hw::bench {

namespace {

constexpr std::size_t kFileHead = 24;
constexpr std::size_t kRecordHead = 16;
constexpr std::uint32_t kMagic = 0xA1B2C3D4;       // little-endian, microseconds: what the laboratory writes
constexpr std::uint32_t kLongestRecord = 1U << 20U;

std::uint32_t little_u32(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t k = 4; k-- > 0;) { value = (value << 8U) | std::to_integer<std::uint32_t>(bytes[at + k]); }
    return value;
}

using Key = std::tuple<net::Address, std::uint16_t, net::Address, std::uint16_t, std::uint8_t>;

/// Where a packet that goes this way belongs, and what has been seen of that way.
struct Way {
    std::vector<std::vector<PacketPoint>*> lists;
    flow::read::SequenceTrack track;
    bool tracked = false;
};

void take(Way& way, const flow::read::Packet& packet) {
    std::uint32_t bytes = packet.payload;
    if (packet.tcp) {
        if ((packet.tcp_flags & flow::tcp_flag::syn) != 0) {
            way.track.start(packet.sequence);
            way.tracked = true;
            return;
        }
        if (packet.payload == 0) { return; }
        if (!way.tracked) {
            way.track.set_next(packet.sequence);
            way.tracked = true;
        }
        bytes = way.track.fresh(packet.sequence, packet.payload);
        if (bytes == 0) { return; }
    }
    for (auto* list : way.lists) { list->push_back({packet.time.micros(), bytes}); }
}

}  // namespace

Result<std::vector<FlowPackets>> read_packets(const std::string& path, const std::vector<FlowName>& names) {
    std::vector<FlowPackets> found(names.size());
    std::map<Key, Way> ways;
    for (std::size_t k = 0; k < names.size(); ++k) {
        const FlowName& n = names[k];
        const auto protocol = flow::number(n.protocol);
        ways[{n.client.address, net::number(n.client.port), n.server.address, net::number(n.server.port), protocol}].lists.push_back(&found[k].from_client);
        ways[{n.server.address, net::number(n.server.port), n.client.address, net::number(n.client.port), protocol}].lists.push_back(&found[k].from_server);
    }

    HW_TRY(const auto input, hw::InputBytes::open(path));
    hw::BlockWindow window(*input);
    HW_TRY(const auto head, window.peek(kFileHead));
    if (head.size() < kFileHead || little_u32(head, 0) != kMagic) {
        return fail(Errc::unsupported, "not a little-endian microsecond pcap", path, "this reads what the laboratory records");
    }
    const auto link = static_cast<flow::read::LinkType>(static_cast<std::uint16_t>(little_u32(head, 20)));
    window.consume(kFileHead);

    flow::read::ReadReport report;
    flow::read::Decoder decoder(0, report);
    std::vector<flow::read::Packet> packets;
    for (;;) {
        HW_TRY(const auto record, window.peek(kRecordHead));
        if (record.size() < kRecordHead) { break; }
        const Time time = Time::from_micros(std::int64_t{little_u32(record, 0)} * 1'000'000 + little_u32(record, 4));
        const std::uint32_t captured = little_u32(record, 8);
        const std::uint32_t wire = std::max(captured, little_u32(record, 12));
        if (captured > kLongestRecord) { break; }
        window.consume(kRecordHead);
        HW_TRY(const auto bytes, window.peek(captured));
        if (bytes.size() < captured) { break; }
        packets.clear();
        decoder.decode(link, {bytes, wire, time, 0}, packets);
        for (const auto& packet : packets) {
            if (packet.tunnel_depth > 0) { continue; }
            const auto way = ways.find(Key{packet.source, packet.source_port, packet.destination, packet.destination_port, packet.protocol});
            if (way != ways.end()) { take(way->second, packet); }
        }
        window.consume(captured);
    }
    for (auto& flow : found) {
        const auto by_time = [](const PacketPoint& a, const PacketPoint& b) { return a.micros < b.micros; };
        std::ranges::stable_sort(flow.from_client, by_time);
        std::ranges::stable_sort(flow.from_server, by_time);
    }
    return found;
}

}  // namespace hw::bench
