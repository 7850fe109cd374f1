#include "flow/read/cloud_log.hpp"

#include "flow/read/json_objects.hpp"
#include "flow/read/zeek_value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace hw::flow::read {
namespace {
namespace cloud_detail {

namespace dom = simdjson::dom;
static_assert(kObjectPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::uint64_t kLastMilli = 253'402'300'799'999;  // 9999-12-31
constexpr std::size_t kMostOpen = 262'144;                 ///< Connections whose last tuple is remembered.

std::string_view text_of(const dom::element& object, std::string_view key) {
    std::string_view text;
    return object[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}
/// Calls `visit` with each element of the array under `key`; with none where there is no such array.
template <typename Visit>
void for_each(const dom::element& object, std::string_view key, const Visit& visit) {
    dom::array found;
    if (object[key].get_array().get(found) != simdjson::SUCCESS) { return; }
    for (const dom::element element : found) { visit(element); }
}
/// A count as a number or, as JSON made from 64-bit fields has it, as a text.
std::optional<std::uint64_t> count_of(const dom::element& object, std::string_view key) {
    std::uint64_t value = 0;
    if (object[key].get_uint64().get(value) == simdjson::SUCCESS) { return value; }
    return zeek::parse_count(text_of(object, key));
}

/// One connection as a log names it.
struct Connection {
    net::Address source;
    net::Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    std::uint8_t leaving = 2;
    friend auto operator<=>(const Connection&, const Connection&) = default;
};

/// A text cut at commas.
struct Fields {
    static constexpr std::size_t kMost = 16;
    std::array<std::string_view, kMost> field;
    std::size_t count = 0;
    explicit Fields(std::string_view text) {
        while (count < kMost) {
            const std::size_t comma = std::min(text.find(','), text.size());
            field.at(count++) = text.substr(0, comma);
            if (comma == text.size()) { break; }
            text.remove_prefix(comma + 1);
        }
    }
    [[nodiscard]] std::string_view operator[](std::size_t i) const { return i < count ? field.at(i) : std::string_view(); }
};

class Azure {
public:
    Azure(const LogRecordSink& sink, ReadReport& report) : sink_(sink), report_(report) {}

    void take(std::string_view text, std::uint64_t offset) {
        dom::element record;
        if (parser_.parse(text.data(), text.size(), false).get(record) != simdjson::SUCCESS || !record.is_object()) { return report_.skip("not a JSON object", offset); }
        dom::element inner;
        if (record["flowRecords"].get(inner) == simdjson::SUCCESS) {
            constexpr std::uint64_t kNetwork = 4;
            for_each(inner, "flows", [&](const dom::element& acl) {
                for_each(acl, "flowGroups", [&](const dom::element& group) { tuples(group, kNetwork, offset); });
            });
            ++good_;
        } else if (record["properties"].get(inner) == simdjson::SUCCESS) {
            const std::uint64_t version = count_of(inner, "Version").value_or(1);
            for_each(inner, "flows", [&](const dom::element& rule) {
                for_each(rule, "flows", [&](const dom::element& group) { tuples(group, version, offset); });
            });
            ++good_;
        } else {
            report_.skip("record that holds no flows", offset);
        }
    }

    [[nodiscard]] Result<void> finish() {
        for (const auto& [connection, open] : open_) {
            if (!open.counted) { report_.skip("connection of which only the beginning is told, without counts", open.offset); }
        }
        if (good_ > 0 || report_.skipped.empty()) { return {}; }
        return fail(Errc::malformed, "no record could be read as one of Azure's flow logs", report_.path + ":0", "records have \"properties\" with \"flows\", or \"flowRecords\"");
    }

private:
    struct Open {
        Time last;
        std::uint64_t offset = 0;
        bool counted = false;
    };

    void tuples(const dom::element& group, std::uint64_t version, std::uint64_t offset) {
        for_each(group, "flowTuples", [&](const dom::element& tuple) {
            std::string_view text;
            if (tuple.get_string().get(text) != simdjson::SUCCESS) { return report_.skip("tuple that is no text", offset); }
            if (const std::string_view fault = read(Fields(text), version, offset); !fault.empty()) { report_.skip(fault, offset); }
        });
    }

    static std::optional<std::uint8_t> protocol(std::string_view text) {
        if (text == "T") { return number(Protocol::tcp); }
        if (text == "U") { return number(Protocol::udp); }
        const auto value = zeek::parse_count(text);
        return value && *value <= 0xff ? std::optional(static_cast<std::uint8_t>(*value)) : std::nullopt;
    }

    std::string_view read(const Fields& f, std::uint64_t version, std::uint64_t offset) {
        const bool network = version >= 4;  // a virtual network's: state in place of the decision, then encryption
        if (f.count < 8) { return "tuple with too few fields"; }
        const auto moment = zeek::parse_count(f[0]);
        const auto source = zeek::parse_host(f[1]);
        const auto destination = zeek::parse_host(f[2]);
        const auto proto = protocol(f[5]);
        if (!source || !destination) { return "unreadable address"; }
        if (!moment || *moment > (network ? kLastMilli : kLastMilli / 1000) || !proto) { return "unreadable time or protocol"; }
        if (f[7] == "D") { return "denied: never arrived"; }
        if (f.count < 9) { return "tuple without counts (version 1)"; }
        const std::string_view state = network ? f[7] : f[8];
        if (state != "B" && state != "C" && state != "E") { return "tuple of an unknown state"; }
        const Time at = Time::from_micros(static_cast<std::int64_t>(*moment) * (network ? 1000 : 1'000'000));
        const bool ports = *proto != number(Protocol::icmp) && *proto != number(Protocol::icmp6);
        const auto port = [&](std::string_view text) { return ports ? net::number(zeek::parse_port(text).value_or(net::Port{})) : std::uint16_t{0}; };
        const Connection connection{.source = *source, .destination = *destination, .source_port = port(f[3]), .destination_port = port(f[4]), .protocol = *proto,
                                    .leaving = static_cast<std::uint8_t>(f[6] == "I" ? 0 : f[6] == "O" ? 1 : 2)};
        const auto known = open_.find(connection);
        std::optional<Time> before;
        if (known != open_.end() && state != "B" && known->second.last <= at) { before = known->second.last; }
        const auto count = [&](std::size_t i) { return zeek::parse_count(f[9 + i]); };
        const auto sent = count(0);
        const auto sent_bytes = count(1);
        const auto received = count(2);
        const auto received_bytes = count(3);
        const bool counted = sent && sent_bytes && received && received_bytes && *sent + *received > 0;
        remember(connection, known, state == "E", {.last = at, .offset = offset, .counted = counted});
        if (!counted) {
            if (state == "B") { return {}; }  // what it carried is yet to come
            return sent && received ? "flow record without packets or bytes" : "tuple without counts";
        }
        ExportRecord record;
        record.source = connection.source;
        record.destination = connection.destination;
        record.source_port = connection.source_port;
        record.destination_port = connection.destination_port;
        record.protocol = connection.protocol;
        record.leaving = connection.leaving;
        record.first = before.value_or(at);
        record.last = at;
        record.packets = *sent;
        record.bytes = *sent_bytes;
        record.reverse_packets = *received;
        record.reverse_bytes = *received_bytes;
        record.biflow = record.initiator_known = true;
        record.sampling = 1;
        record.end = state == "E" ? FlowEnd::end_of_flow : FlowEnd::active_timeout;
        ++report_.records;
        sink_(std::move(record));
        return {};
    }

    void remember(const Connection& connection, std::map<Connection, Open>::iterator known, bool over, const Open& open) {
        if (over) {
            if (known != open_.end()) { open_.erase(known); }
            return;
        }
        if (known != open_.end()) {
            known->second = open;
            return;
        }
        // A flood of beginnings: forgotten together, which makes the next record of each shorter and loses no count.
        if (open_.size() >= kMostOpen) { open_.clear(); }
        open_.emplace(connection, open);
    }

    const LogRecordSink& sink_;
    ReadReport& report_;
    dom::parser parser_;
    std::map<Connection, Open> open_;  // ordered: senders choose the keys
    std::uint64_t good_ = 0;
};

class Gcp {
public:
    Gcp(const ObservedRecordSink& sink, ReadReport& report) : sink_(sink), report_(report) {}

    void take(std::string_view text, std::uint64_t offset) {
        dom::element entry;
        if (parser_.parse(text.data(), text.size(), false).get(entry) != simdjson::SUCCESS || !entry.is_object()) { return report_.skip("not a JSON object", offset); }
        dom::element payload;
        if (entry["jsonPayload"].get(payload) != simdjson::SUCCESS) { payload = entry; }
        dom::element connection;
        if (payload["connection"].get(connection) != simdjson::SUCCESS) { return report_.skip("entry that is no flow", offset); }
        ++good_;
        ExportRecord record;
        net::Address observer;
        if (const std::string_view fault = read(payload, connection, record, observer); !fault.empty()) { return report_.skip(fault, offset); }
        ++report_.records;
        sink_(std::move(record), observer);
    }

    [[nodiscard]] Result<void> finish() const {
        if (good_ > 0 || report_.skipped.empty()) { return {}; }
        return fail(Errc::malformed, "no record could be read as one of Google's VPC flow logs", report_.path + ":0", "records have a \"connection\", in \"jsonPayload\" or alone");
    }

private:
    static std::string_view read(const dom::element& payload, const dom::element& connection, ExportRecord& record, net::Address& observer) {
        const auto source = zeek::parse_host(text_of(connection, "src_ip"));
        const auto destination = zeek::parse_host(text_of(connection, "dest_ip"));
        if (!source || !destination) { return "unreadable address"; }
        const auto protocol = count_of(connection, "protocol");
        const auto packets = count_of(payload, "packets_sent");
        const auto bytes = count_of(payload, "bytes_sent");
        const auto first = zeek::parse_moment(text_of(payload, "start_time"));
        const auto last = zeek::parse_moment(text_of(payload, "end_time"));
        if (!protocol || *protocol > 0xff || !packets || !bytes) { return "unreadable count"; }
        if (!first && !last) { return "unreadable time"; }
        if (*packets == 0) { return "flow record without packets or bytes"; }
        record.source = *source;
        record.destination = *destination;
        record.protocol = static_cast<std::uint8_t>(*protocol);
        const bool ports = record.protocol != number(Protocol::icmp) && record.protocol != number(Protocol::icmp6);
        const auto port = [&](std::string_view key) {
            const auto value = ports ? count_of(connection, key) : std::nullopt;
            return value && *value <= 0xffff ? static_cast<std::uint16_t>(*value) : std::uint16_t{0};
        };
        record.source_port = port("src_port");
        record.destination_port = port("dest_port");
        record.packets = *packets;
        record.bytes = *bytes;
        record.first = first.value_or(*(last ? last : first));
        record.last = std::max(record.first, last.value_or(record.first));
        record.sampling = 1;
        const std::string_view reporter = text_of(payload, "reporter");
        if (reporter == "SRC") {
            record.leaving = 1;
            observer = record.source;
        } else if (reporter == "DEST") {
            record.leaving = 0;
            observer = record.destination;
        }
        return {};
    }

    const ObservedRecordSink& sink_;
    ReadReport& report_;
    dom::parser parser_;
    std::uint64_t good_ = 0;
};

bool opens_json(std::string_view head) { return head.starts_with('{') || head.starts_with('['); }
bool holds(std::string_view head, std::string_view word) { return head.find(word) != std::string_view::npos; }

}  // namespace cloud_detail
}  // namespace

bool looks_like_azure(std::string_view head) {
    using namespace cloud_detail;
    return opens_json(head) && (holds(head, "\"NetworkSecurityGroupFlowEvent") || holds(head, "\"FlowLogFlowEvent\"") || holds(head, "\"flowTuples\""));
}

Result<void> read_azure(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report) {
    report.format = "azure-flow-log";
    cloud_detail::Azure reader(sink, report);
    HW_CHECK(read_json_objects(bytes, [&](std::string_view text, std::uint64_t offset) { reader.take(text, offset); }, stop, report));
    if (stop.stop_requested()) { return {}; }
    return reader.finish();
}

bool looks_like_gcp(std::string_view head) {
    using namespace cloud_detail;
    return opens_json(head) && holds(head, "\"connection\"") && holds(head, "\"src_ip\"") && holds(head, "\"dest_ip\"") &&
           (holds(head, "\"packets_sent\"") || holds(head, "\"bytes_sent\"") || holds(head, "vpc_flows"));
}

Result<void> read_gcp(ByteSource& bytes, const ObservedRecordSink& sink, const std::stop_token& stop, ReadReport& report) {
    report.format = "gcp-vpc";
    cloud_detail::Gcp reader(sink, report);
    HW_CHECK(read_json_objects(bytes, [&](std::string_view text, std::uint64_t offset) { reader.take(text, offset); }, stop, report));
    if (stop.stop_requested()) { return {}; }
    return reader.finish();
}

}  // namespace hw::flow::read
