#include "flow/read/eve_log.hpp"

#include "base/parse.hpp"
#include "flow/read/zeek_lines.hpp"
#include "flow/read/zeek_value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hw::flow::read {
namespace {
namespace eve_detail {

namespace dom = simdjson::dom;
static_assert(zeek::kLinePadding >= simdjson::SIMDJSON_PADDING);

std::string_view text_of(const dom::element& object, std::string_view key) {
    std::string_view text;
    return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}
std::uint64_t number_of(const dom::element& object, std::string_view key) {
    std::uint64_t value = 0;
    return object[key].get_uint64().get(value) == simdjson::SUCCESS ? value : 0;
}

/// Suricata writes its zone without a colon (`+0000`).
std::optional<Time> moment(std::string_view text) {
    constexpr std::size_t kZone = 5;
    if (text.size() > kZone && (text[text.size() - kZone] == '+' || text[text.size() - kZone] == '-')) {
        std::string with_colon(text);
        with_colon.insert(with_colon.size() - 2, ":");
        return zeek::parse_moment(with_colon);
    }
    return zeek::parse_moment(text);
}

std::optional<std::uint8_t> protocol(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 9> kNames{{
        {"TCP", 6}, {"UDP", 17}, {"ICMP", 1}, {"IPv6-ICMP", 58}, {"ICMPv6", 58}, {"GRE", 47}, {"SCTP", 132}, {"ESP", 50}, {"IPv6", 41}}};
    for (const auto& [name, number] : kNames) {
        if (text == name) { return number; }
    }
    return parse_integer<std::uint8_t>(text);
}

std::uint8_t flags(const dom::element& event, std::string_view key) {
    dom::element tcp;
    if (event["tcp"].get(tcp) != simdjson::SUCCESS) { return 0; }
    return parse_integer<std::uint8_t>(text_of(tcp, key), 16).value_or(0);
}

/// Without the link's header, where that leaves a header of IP's for every packet.
std::uint64_t without_link(std::uint64_t bytes, std::uint64_t packets) {
    constexpr std::uint64_t kEthernet = 14;
    constexpr std::uint64_t kSmallest = 34;  // with an IPv4 header
    return packets > 0 && bytes / packets >= kSmallest ? bytes - packets * kEthernet : bytes;
}

class Reader {
public:
    Reader(const LogRecordSink& sink, ReadReport& report) : sink_(sink), report_(report) {}

    void take(const zeek::Line& line) {
        if (line.too_long) { return report_.skip("line longer than 1 MiB", line.offset); }
        if (line.text.find_first_not_of(" \t") == std::string_view::npos) { return; }
        dom::element event;
        if (parser_.parse(line.text.data(), line.text.size(), false).get(event) != simdjson::SUCCESS || !event.is_object()) {
            if (!line.ended) { report_.damaged_tail = true; }
            return report_.skip(line.ended ? "not a JSON object" : "last line is cut off", line.offset);
        }
        const std::string_view type = text_of(event, "event_type");
        if (!type.empty()) { ++events_; }
        if (type != "flow" && type != "netflow") { return report_.skip("event that is no flow", line.offset); }
        auto record = read(event, type);
        if (!record) { return report_.skip("flow event that lacks addresses, times or counts", line.offset); }
        if (type == "flow") {
            ++report_.records;
            flows_ = true;
            netflow_.clear();
            sink_(std::move(*record));
        } else if (flows_) {
            report_.skip("netflow event beside flow events: the same packets", line.offset);
        } else {
            netflow_.push_back(*record);
        }
    }

    [[nodiscard]] Result<void> finish() {
        for (ExportRecord& record : netflow_) { sink_(std::move(record)); }
        report_.records += netflow_.size();
        if (events_ > 0 || report_.skipped.empty()) { return {}; }
        return fail(Errc::malformed, "no line could be read as an event of Suricata's", report_.path + ":0", "a line must be one JSON object with an event_type");
    }

private:
    static std::optional<ExportRecord> read(const dom::element& event, std::string_view type) {
        dom::element counts;
        if (event[type].get(counts) != simdjson::SUCCESS) { return std::nullopt; }
        const auto source = zeek::parse_host(text_of(event, "src_ip"));
        const auto destination = zeek::parse_host(text_of(event, "dest_ip"));
        const auto proto = protocol(text_of(event, "proto"));
        const auto first = moment(text_of(counts, "start"));
        if (!source || !destination || !proto || !first) { return std::nullopt; }
        ExportRecord record;
        record.source = *source;
        record.destination = *destination;
        record.protocol = *proto;
        const bool ports = *proto != number(Protocol::icmp) && *proto != number(Protocol::icmp6);
        record.source_port = ports ? static_cast<std::uint16_t>(std::min<std::uint64_t>(number_of(event, "src_port"), 0xffff)) : std::uint16_t{0};
        record.destination_port = ports ? static_cast<std::uint16_t>(std::min<std::uint64_t>(number_of(event, "dest_port"), 0xffff)) : std::uint16_t{0};
        record.first = *first;
        record.last = std::max(*first, moment(text_of(counts, "end")).value_or(*first));
        record.sampling = 1;
        if (type == "flow") {
            record.biflow = true;
            record.initiator_known = true;
            record.packets = number_of(counts, "pkts_toserver");
            record.reverse_packets = number_of(counts, "pkts_toclient");
            record.bytes = without_link(number_of(counts, "bytes_toserver"), record.packets);
            record.reverse_bytes = without_link(number_of(counts, "bytes_toclient"), record.reverse_packets);
            record.tcp_flags = flags(event, "tcp_flags_ts");
            record.reverse_tcp_flags = flags(event, "tcp_flags_tc");
            if (text_of(counts, "state") == "closed") { record.end = FlowEnd::end_of_flow; }
        } else {
            record.packets = number_of(counts, "pkts");
            record.bytes = without_link(number_of(counts, "bytes"), record.packets);
            record.ttl_min = static_cast<std::uint8_t>(std::min<std::uint64_t>(number_of(counts, "min_ttl"), 0xff));
            record.ttl_max = static_cast<std::uint8_t>(std::min<std::uint64_t>(number_of(counts, "max_ttl"), 0xff));
            record.tcp_flags = flags(event, "tcp_flags");
        }
        if (record.packets + record.reverse_packets == 0) { return std::nullopt; }
        return record;
    }

    const LogRecordSink& sink_;
    ReadReport& report_;
    dom::parser parser_;
    std::vector<ExportRecord> netflow_;
    std::uint64_t events_ = 0;
    bool flows_ = false;
};

}  // namespace eve_detail
}  // namespace

bool looks_like_eve(std::string_view line) {
    return line.starts_with('{') && line.find("\"event_type\"") != std::string_view::npos && line.find("\"timestamp\"") != std::string_view::npos;
}

Result<void> read_eve(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report) {
    report.format = "suricata-eve";
    eve_detail::Reader reader(sink, report);
    return zeek::read_lines(bytes, reader, stop);
}

}  // namespace hw::flow::read
