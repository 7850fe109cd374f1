#include "flow/read/export_sample.hpp"

#include "base/byte_cursor.hpp"

#include <algorithm>

namespace hw::flow::read {
namespace {
namespace sample_detail {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kMostSamples = 1024;  // a datagram holds a few dozen

/// How a sample begins, before its records.
struct SampleHead {
    std::uint32_t rate = 0;
    std::uint32_t records = 0;
};

std::optional<net::Address> address(ByteCursor& cursor, std::uint32_t type) {
    if (type == 1) {
        const auto four = cursor.be32();
        return four ? std::optional(net::Address::v4(*four)) : std::nullopt;
    }
    if (type != 2) { return std::nullopt; }
    const auto high = cursor.be64();
    const auto low = cursor.be64();
    return high && low ? std::optional(net::Address::v6(*high, *low)) : std::nullopt;
}

std::optional<SampleHead> sample_head(ByteCursor& cursor, bool expanded) {
    // Sequence and source (in two words where expanded) before the rate; pool, drops and interfaces behind it.
    if (!cursor.skip(expanded ? 12 : 8)) { return std::nullopt; }
    const auto rate = cursor.be32();
    if (!rate || !cursor.skip(expanded ? 24 : 16)) { return std::nullopt; }
    const auto records = cursor.be32();
    return records ? std::optional(SampleHead{.rate = *rate, .records = *records}) : std::nullopt;
}

std::optional<LinkType> link_of(std::uint32_t header_protocol) {
    switch (header_protocol) {
        case 1: return LinkType::ethernet;
        case 7: return LinkType::ppp;
        case 11: return LinkType::ipv4;
        case 12: return LinkType::ipv6;
        default: return std::nullopt;
    }
}

/// sampled_ipv4 and sampled_ipv6.
std::optional<ExportRecord> ip_record(Bytes body, bool six) {
    ByteCursor cursor(body);
    ExportRecord record;
    const auto length = cursor.be32();
    const auto protocol = cursor.be32();
    const auto source = address(cursor, six ? 2 : 1);
    const auto destination = address(cursor, six ? 2 : 1);
    const auto source_port = cursor.be32();
    const auto destination_port = cursor.be32();
    const auto flags = cursor.be32();
    if (!length || !protocol || !source || !destination || !source_port || !destination_port || !flags) { return std::nullopt; }
    record.source = *source;
    record.destination = *destination;
    record.protocol = static_cast<std::uint8_t>(*protocol);
    const bool ports = record.protocol != number(Protocol::icmp) && record.protocol != number(Protocol::icmp6);
    record.source_port = ports ? static_cast<std::uint16_t>(*source_port) : std::uint16_t{0};
    record.destination_port = ports ? static_cast<std::uint16_t>(*destination_port) : std::uint16_t{0};
    record.tcp_flags = record.protocol == number(Protocol::tcp) ? static_cast<std::uint8_t>(*flags) : std::uint8_t{0};
    record.packets = 1;
    record.bytes = *length;
    record.sampled = true;
    return record;
}

/// The packet that a flow sample is about: by its header where there is one, else by what was read of it.
std::optional<ExportRecord> packet_of(ByteCursor& cursor, const SampleHead& head, Time now, std::uint64_t offset, PacketSampler& sampler, ReadReport& report) {
    std::optional<ExportRecord> by_fields;
    bool header_seen = false;
    for (std::uint32_t i = 0; i < head.records; ++i) {
        const auto format = cursor.be32();
        const auto length = cursor.be32();
        if (!format || !length) { break; }
        const auto body = cursor.take(*length);
        if (!body) { break; }
        if (*format == 1) {
            ByteCursor raw(*body);
            const auto protocol = raw.be32();
            const auto frame_length = raw.be32();
            const auto stripped = raw.be32();
            const auto size = raw.be32();
            if (!protocol || !frame_length || !stripped || !size) { continue; }
            const auto link = link_of(*protocol);
            const Bytes bytes = raw.rest().first(std::min<std::size_t>(*size, raw.remaining()));
            header_seen = true;
            if (!link) {
                report.skip("sampled header of a link that is not known", offset);
                continue;
            }
            const auto captured = static_cast<std::uint32_t>(bytes.size());
            const std::uint32_t wire = std::max(captured, *frame_length - std::min(*stripped, *frame_length));
            return sampler.sample(*link, {.bytes = bytes, .wire_length = wire, .time = now, .offset = offset}, report);
        }
        if (*format == 3 || *format == 4) { by_fields = ip_record(*body, *format == 4); }
    }
    if (!by_fields && !header_seen) { report.skip("sample without a packet", offset); }
    return by_fields;
}

}  // namespace sample_detail
}  // namespace

std::optional<ExportRecord> PacketSampler::sample(LinkType link, const Frame& frame, ReadReport& report) {
    decoder_.report_to(report);
    packets_.clear();
    decoder_.decode(link, frame, packets_);
    decoder_.report_to(none_);
    if (packets_.empty()) { return std::nullopt; }
    const Packet& packet = packets_.front();
    ExportRecord record;
    record.source = packet.source;
    record.destination = packet.destination;
    record.first = packet.time;
    record.last = packet.time;
    record.packets = 1;
    record.bytes = packet.bytes;
    record.source_port = packet.source_port;
    record.destination_port = packet.destination_port;
    record.protocol = packet.protocol;
    record.tcp_flags = packet.tcp_flags;
    record.ttl_min = packet.ttl;
    record.ttl_max = packet.ttl;
    record.echo_reply = packet.reply;
    record.sampled = true;
    return record;
}

std::optional<SflowHeader> sflow_header(std::span<const std::byte> message) {
    using namespace sample_detail;
    ByteCursor cursor(message);
    if (cursor.be32() != 5U) { return std::nullopt; }
    const auto agent = address(cursor, cursor.be32().value_or(0));
    const auto sub_agent = cursor.be32();
    const auto sequence = cursor.be32();
    const auto uptime = cursor.be32();
    const auto samples = cursor.be32();
    if (!agent || !sub_agent || !sequence || !uptime || !samples) { return std::nullopt; }
    return SflowHeader{.agent = *agent, .sub_agent = *sub_agent, .sequence = *sequence, .samples = *samples, .size = cursor.offset()};
}

std::optional<std::size_t> sflow_size(std::span<const std::byte> message) {
    using namespace sample_detail;
    const auto header = sflow_header(message);
    if (!header || header->samples == 0 || header->samples > kMostSamples) { return std::nullopt; }
    ByteCursor cursor(message.subspan(header->size));
    for (std::uint32_t i = 0; i < header->samples; ++i) {
        const auto format = cursor.be32();
        const auto length = cursor.be32();
        if (!format || !length || *length % 4 != 0 || !cursor.skip(*length)) { return std::nullopt; }
    }
    return header->size + cursor.offset();
}

void read_sflow_samples(std::span<const std::byte> samples, std::uint32_t count, Time observed_at, std::uint64_t offset, std::uint32_t exporter,
                        PacketSampler& sampler, ReadReport& report, std::vector<ExportRecord>& out) {
    using namespace sample_detail;
    ByteCursor cursor(samples);
    for (std::uint32_t i = 0; i < std::min(count, kMostSamples); ++i) {
        const auto format = cursor.be32();
        const auto length = cursor.be32();
        const auto body = format && length ? cursor.take(*length) : std::nullopt;
        if (!body) { return report.skip("sample cut short", offset); }
        if (*format == 2 || *format == 4) {
            report.skip("counter sample: tells of no flow", offset);
            continue;
        }
        if (*format != 1 && *format != 3) {
            report.skip(*format == 5 ? "sample of a packet that was dropped there" : "sample of a kind that is not known", offset);
            continue;
        }
        ByteCursor sample(*body);
        const auto head = sample_head(sample, *format == 3);
        if (!head) {
            report.skip("sample cut short", offset);
            continue;
        }
        auto record = packet_of(sample, *head, observed_at, offset, sampler, report);
        if (!record) { continue; }
        record->first = observed_at;
        record->last = observed_at;
        record->exporter = exporter;
        record->sampling = std::max<std::uint32_t>(head->rate, 1);
        out.push_back(*record);
        ++report.records;
    }
    if (count > kMostSamples) { report.skip("sample past the most that one message may hold", offset, count - kMostSamples); }
}

}  // namespace hw::flow::read
