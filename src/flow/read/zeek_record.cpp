#include "flow/read/zeek_record.hpp"

#include "flow/read/zeek_value.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace hw::flow::read::zeek {
namespace {
namespace record_detail {

using Name = std::pair<std::string_view, Field>;

constexpr std::array kNames{
    // Zeek, flat or nested below `id`; some pipelines join with an underscore.
    Name{"ts", Field::ts},
    Name{"uid", Field::uid},
    Name{"id.orig_h", Field::orig_h},
    Name{"id.orig_p", Field::orig_p},
    Name{"id.resp_h", Field::resp_h},
    Name{"id.resp_p", Field::resp_p},
    Name{"id_orig_h", Field::orig_h},
    Name{"id_orig_p", Field::orig_p},
    Name{"id_resp_h", Field::resp_h},
    Name{"id_resp_p", Field::resp_p},
    Name{"proto", Field::proto},
    Name{"ip_proto", Field::ip_proto},
    Name{"duration", Field::duration},
    Name{"orig_bytes", Field::orig_bytes},
    Name{"resp_bytes", Field::resp_bytes},
    Name{"conn_state", Field::conn_state},
    Name{"local_orig", Field::local_orig},
    Name{"local_resp", Field::local_resp},
    Name{"missed_bytes", Field::missed_bytes},
    Name{"history", Field::history},
    Name{"orig_pkts", Field::orig_pkts},
    Name{"orig_ip_bytes", Field::orig_ip_bytes},
    Name{"resp_pkts", Field::resp_pkts},
    Name{"resp_ip_bytes", Field::resp_ip_bytes},
    // ECS, and what Filebeat's Zeek module keeps beside it.
    Name{"source.ip", Field::orig_h},
    Name{"source.port", Field::orig_p},
    Name{"source.packets", Field::orig_pkts},
    Name{"source.bytes", Field::orig_ip_bytes},
    Name{"destination.ip", Field::resp_h},
    Name{"destination.port", Field::resp_p},
    Name{"destination.packets", Field::resp_pkts},
    Name{"destination.bytes", Field::resp_ip_bytes},
    Name{"network.transport", Field::proto},
    Name{"network.iana_number", Field::ip_proto},
    Name{"event.start", Field::start},
    Name{"event.end", Field::end},
    Name{"event.duration", Field::duration_ns},
    Name{"@timestamp", Field::timestamp},
    Name{"zeek.session_id", Field::uid},
    Name{"zeek.uid", Field::uid},
    Name{"zeek.connection.state", Field::conn_state},
    Name{"zeek.connection.history", Field::history},
    Name{"zeek.connection.local_orig", Field::local_orig},
    Name{"zeek.connection.local_resp", Field::local_resp},
    Name{"zeek.connection.missed_bytes", Field::missed_bytes},
    // Which log a line is from.
    Name{"_path", Field::log_name},
    Name{"@path", Field::log_name},
    Name{"log", Field::log_name},
    Name{"_log", Field::log_name},
    Name{"event.dataset", Field::log_name},
};

std::optional<Protocol> parse_protocol(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::uint8_t>, 14> kProtocols{{
        {"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"ipv6-icmp", 58}, {"icmpv6", 58}, {"gre", 47}, {"sctp", 132},
        {"igmp", 2}, {"esp", 50}, {"ah", 51}, {"ospf", 89}, {"pim", 103}, {"unknown_transport", 0},
    }};
    for (const auto& [name, protocol] : kProtocols) {
        if (text == name) { return static_cast<Protocol>(protocol); }
    }
    if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; })) {
        std::string low(text);
        std::ranges::transform(low, low.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return parse_protocol(low);
    }
    const auto value = parse_count(text);
    if (!value || *value > 0xffU) { return std::nullopt; }
    return static_cast<Protocol>(*value);
}

/// The TCP flags that a letter of Zeek's history stands for; upper case: the originator's, lower: the responder's.
std::uint8_t history_flags(char letter) {
    switch (letter) {
        case 'S': return tcp_flag::syn;
        case 'H': return tcp_flag::syn | tcp_flag::ack;
        case 'A':
        case 'D': return tcp_flag::ack;
        case 'F': return tcp_flag::fin;
        case 'R': return tcp_flag::rst;
        default: return 0;
    }
}

/// States in which Zeek has seen the SYN or the SYN-ACK, so that it knows who opened the connection.
bool state_shows_opening(std::string_view state) {
    constexpr std::array<std::string_view, 11> kStates{"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTOS0", "RSTRH", "SH", "SHR"};
    return std::ranges::find(kStates, state) != kStates.end();
}

bool state_is_final(std::string_view state) {
    constexpr std::array<std::string_view, 8> kStates{"SF", "REJ", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR"};
    return std::ranges::find(kStates, state) != kStates.end();
}

/// Zeek takes a TCP payload from sequence numbers, which a reset or a wrapped counter can make far larger than what was
/// sent: where nothing was missed, no more can have been carried than the packets held.
std::uint64_t payload(std::uint64_t claimed, const std::optional<std::uint64_t>& ip_bytes, std::uint64_t missed) {
    return ip_bytes && missed == 0 ? std::min(claimed, *ip_bytes) : claimed;
}

}  // namespace record_detail
}  // namespace

Field field_by_name(std::string_view name) {
    static const auto kTable = [] {
        std::unordered_map<std::string_view, Field> table;
        for (const auto& [text, field] : record_detail::kNames) { table.emplace(text, field); }
        return table;
    }();
    const auto found = kTable.find(name);
    return found == kTable.end() ? Field::ignored : found->second;
}

bool is_connection_log(std::string_view name) {
    for (const std::string_view prefix : {"zeek.", "zeek_", "bro.", "bro_", "corelight.", "corelight_"}) {
        if (name.starts_with(prefix)) {
            name.remove_prefix(prefix.size());
            break;
        }
    }
    return name == "conn" || name == "connection" || name == "conn_long" || name == "conn-long";
}

void ConnRecord::set(Field field, std::string_view text) {
    const auto take = [&](auto& member, auto&& value) {
        if (value) {
            member = *std::forward<decltype(value)>(value);
        } else if (bad == Field::ignored) {
            bad = field;
        }
    };
    switch (field) {
        case Field::ignored: break;
        case Field::ts:
        case Field::start: take(ts, parse_moment(text)); break;
        case Field::end: take(end, parse_moment(text)); break;
        case Field::timestamp: take(timestamp, parse_moment(text)); break;
        case Field::uid: uid = text; break;
        case Field::orig_h: take(orig_h, parse_host(text)); break;
        case Field::resp_h: take(resp_h, parse_host(text)); break;
        case Field::orig_p: take(orig_p, parse_port(text)); break;
        case Field::resp_p: take(resp_p, parse_port(text)); break;
        case Field::proto:
        case Field::ip_proto: take(proto, record_detail::parse_protocol(text)); break;
        case Field::duration: {
            const auto micros = parse_seconds(text);
            take(duration, micros ? std::optional(Duration(*micros)) : std::nullopt);
            break;
        }
        case Field::duration_ns: {
            const auto nanos = parse_count(text);
            take(duration, nanos ? std::optional(Duration((*nanos + 500) / 1000)) : std::nullopt);
            break;
        }
        case Field::orig_bytes: take(orig_bytes, parse_count(text)); break;
        case Field::resp_bytes: take(resp_bytes, parse_count(text)); break;
        case Field::conn_state: conn_state = text; break;
        case Field::local_orig: take(local_orig, parse_flag(text)); break;
        case Field::local_resp: take(local_resp, parse_flag(text)); break;
        case Field::missed_bytes: take(missed_bytes, parse_count(text)); break;
        case Field::history: history = text; break;
        case Field::orig_pkts: take(orig_pkts, parse_count(text)); break;
        case Field::orig_ip_bytes: take(orig_ip_bytes, parse_count(text)); break;
        case Field::resp_pkts: take(resp_pkts, parse_count(text)); break;
        case Field::resp_ip_bytes: take(resp_ip_bytes, parse_count(text)); break;
        case Field::log_name: log_name = text; break;
    }
}

std::string_view ConnRecord::fault() const {
    switch (bad) {
        case Field::ignored: break;
        case Field::ts:
        case Field::start:
        case Field::end:
        case Field::timestamp: return "unreadable time";
        case Field::duration:
        case Field::duration_ns: return "unreadable duration";
        case Field::orig_h:
        case Field::resp_h: return "unreadable address";
        case Field::orig_p:
        case Field::resp_p: return "unreadable port";
        case Field::proto:
        case Field::ip_proto: return "unknown protocol";
        case Field::local_orig:
        case Field::local_resp: return "unreadable truth value";
        default: return "unreadable count";
    }
    if (!ts && !timestamp && !(end && duration)) { return "no time"; }
    if (!ts && end && duration && *end - *duration < Time()) { return "duration longer than time"; }  // it would have begun before 1970
    if (!orig_h || !resp_h) { return "no address"; }
    if (!proto) { return "no protocol"; }
    return {};
}

Flow ConnRecord::to_flow(std::string_view observer_name) const {
    using namespace record_detail;
    Flow flow;
    flow.protocol = *proto;
    if (flow.protocol == Protocol::icmp && !orig_h->is_v4()) { flow.protocol = Protocol::icmp6; }
    // For ICMP, Zeek puts the message's type and code where ports stand; we hold that it has none.
    const bool ports = flow.protocol != Protocol::icmp && flow.protocol != Protocol::icmp6;
    flow.client = {*orig_h, ports ? orig_p.value_or(net::Port{}) : net::Port{}};
    flow.server = {*resp_h, ports ? resp_p.value_or(net::Port{}) : net::Port{}};

    flow.first = ts ? *ts : end && duration ? *end - *duration : *timestamp;
    flow.last = duration ? flow.first + *duration : end ? std::max(*end, flow.first) : flow.first;

    const std::uint64_t missed = missed_bytes.value_or(0);
    flow.request.packets = orig_pkts.value_or(0);
    flow.request.payload_bytes = payload(orig_bytes.value_or(0), orig_ip_bytes, missed);
    flow.request.bytes = orig_ip_bytes.value_or(flow.request.payload_bytes);
    flow.reply.packets = resp_pkts.value_or(0);
    flow.reply.payload_bytes = payload(resp_bytes.value_or(0), resp_ip_bytes, missed);
    flow.reply.bytes = resp_ip_bytes.value_or(flow.reply.payload_bytes);

    flow.basis = InitiatorBasis::exporter;
    if (flow.protocol == Protocol::tcp) {
        for (const char letter : history) {
            if (letter >= 'a' && letter <= 'z') {
                flow.reply.tcp_flags |= history_flags(static_cast<char>(letter - 'a' + 'A'));
            } else {
                flow.request.tcp_flags |= history_flags(letter);
            }
        }
        const bool opened = (flow.request.tcp_flags & tcp_flag::syn) != 0 || (flow.reply.tcp_flags & (tcp_flag::syn | tcp_flag::ack)) == (tcp_flag::syn | tcp_flag::ack);
        if (opened || (history.empty() && state_shows_opening(conn_state))) { flow.basis = InitiatorBasis::syn; }
        if (state_is_final(conn_state)) { flow.end = FlowEnd::end_of_flow; }
    }
    flow.uid = uid;
    flow.client_local = local_orig;
    flow.server_local = local_resp;
    flow.id = make_flow_id(observer_name, flow.client, flow.server, flow.protocol, flow.first);
    return flow;
}

}  // namespace hw::flow::read::zeek
