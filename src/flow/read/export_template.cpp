#include "flow/read/export_template.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace hw::flow::read {
namespace {
namespace template_detail {

using enum ExportSlot;

constexpr std::uint32_t kReverse = 29305;  // RFC 5103: the same elements, of the other direction
constexpr std::uint32_t kCert = 6871;      // YAF: the flags of the first packet and of the rest
constexpr std::uint64_t kMostMillis = 253'402'300'799'999;  // 9999-12-31, the last day that RFC 3339 can write

/// The meaning of an element by the registry of IANA (RFC 7012; names there).
ExportSlot standard_slot(std::uint16_t id) {
    switch (id) {
        case 1: return bytes;
        case 2: return packets;
        case 4: return protocol;
        case 6: return tcp_flags;
        case 7: case 180: case 182: return source_port;
        case 8: return source_v4;
        case 11: case 181: case 183: return destination_port;
        case 12: return destination_v4;
        case 21: return last_uptime;
        case 22: return first_uptime;
        case 23: return out_bytes;
        case 24: return out_packets;
        case 27: return source_high;
        case 28: return destination_high;
        case 32: return icmp_type_code;
        case 139: return icmp6_type_code;
        case 34: case 50: return sampling_interval;
        case 48: case 302: return sampler;
        case 52: return ttl_min;
        case 53: return ttl_max;
        case 61: return direction;
        case 85: return total_bytes;
        case 86: return total_packets;
        case 136: return end_reason;
        case 150: return first_seconds;
        case 151: return last_seconds;
        case 152: return first_millis;
        case 153: return last_millis;
        case 154: return first_micros;
        case 155: return last_micros;
        case 156: return first_nanos;
        case 157: return last_nanos;
        case 158: return first_delta;
        case 159: return last_delta;
        case 160: return boot_millis;
        case 161: return duration_millis;
        case 162: return duration_micros;
        case 176: case 178: return icmp_type;
        case 192: return ttl;
        case 231: return initiator_bytes;
        case 232: return responder_bytes;
        case 239: return biflow_direction;
        case 298: return initiator_packets;
        case 299: return responder_packets;
        case 305: return sampling_packets;
        case 306: return sampling_space;
        case 309: return sampling_size;
        case 310: return sampling_population;
        case 311: return sampling_probability;
        case 312: return frame_size;
        case 313: return ip_packet;
        case 315: return frame;
        case 322: return observed_seconds;
        case 323: return observed_millis;
        case 324: return observed_micros;
        case 325: return observed_nanos;
        case 352: return layer2_bytes;
        case 375: return original_flows;  // originalFlowsPresent (RFC 7015)
        default: return none;
    }
}

ExportSlot slot_of(const ExportField& field) {
    if (field.enterprise == 0) { return standard_slot(field.id); }
    if (field.enterprise == kReverse) {
        switch (field.id) {
            case 1: return reverse_bytes;
            case 2: return reverse_packets;
            case 6: return reverse_tcp_flags;
            case 85: return reverse_total_bytes;
            case 86: return reverse_total_packets;
            default: return none;
        }
    }
    if (field.enterprise == kCert) {
        switch (field.id) {
            case 14: return first_flags;
            case 15: return rest_flags;
            case 0x4000 | 14: return reverse_first_flags;
            case 0x4000 | 15: return reverse_rest_flags;
            default: return none;
        }
    }
    return none;
}

bool is_bytes(ExportSlot slot) { return slot == frame || slot == ip_packet; }

/// Microseconds of a moment in NTP form: seconds since 1900 and a fraction of 2^32 (RFC 7011, 6.1.9).
std::int64_t ntp_micros(std::uint64_t value) {
    constexpr std::int64_t kBefore1970 = 2'208'988'800;
    const auto seconds = static_cast<std::int64_t>(value >> 32U) - kBefore1970;
    return seconds * 1'000'000 + static_cast<std::int64_t>(((value & 0xffff'ffffU) * 1'000'000) >> 32U);
}

std::int64_t from_millis(std::uint64_t millis) { return static_cast<std::int64_t>(std::min(millis, kMostMillis)) * 1000; }

/// A moment told by the milliseconds since the exporter started, of 32 bits that begin anew after 49.7 days: the last moment
/// before the export that they can mean, or one just after it, as a slow export may have them.
std::optional<std::int64_t> from_uptime(std::uint64_t value, const ExportClock& clock) {
    constexpr std::uint32_t kAhead = 3'600'000;
    const auto moment = static_cast<std::uint32_t>(value);
    if (clock.uptime_known) {
        const std::uint32_t age = clock.uptime_millis - moment;
        const std::int64_t millis = age > std::numeric_limits<std::uint32_t>::max() - kAhead ? -static_cast<std::int64_t>(moment - clock.uptime_millis)
                                                                                             : static_cast<std::int64_t>(age);
        return clock.exported.micros() - millis * 1000;
    }
    if (clock.boot_millis > 0) { return from_millis(std::min(clock.boot_millis, kMostMillis) + moment); }
    return std::nullopt;
}

/// A record's begin and end, from whatever it says of them.
struct Moments {
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
};

struct Forms {
    ExportSlot millis, micros, nanos, seconds, delta, uptime;
};
constexpr Forms kFirst{first_millis, first_micros, first_nanos, first_seconds, first_delta, first_uptime};
constexpr Forms kLast{last_millis, last_micros, last_nanos, last_seconds, last_delta, last_uptime};

std::optional<std::int64_t> moment(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, const Forms& forms) {
    // Zero means "not set" wherever an exporter fills a template that fits several kinds of record.
    if (program.has(forms.millis) && values[forms.millis] > 0) { return from_millis(values[forms.millis]); }
    if (program.has(forms.uptime)) {
        if (const auto micros = from_uptime(values[forms.uptime], clock)) { return micros; }
    }
    if (program.has(forms.micros) && values[forms.micros] > 0) { return ntp_micros(values[forms.micros]); }
    if (program.has(forms.nanos) && values[forms.nanos] > 0) { return ntp_micros(values[forms.nanos]); }
    if (program.has(forms.seconds) && values[forms.seconds] > 0) { return from_millis(std::min(values[forms.seconds], kMostMillis / 1000) * 1000); }
    if (program.has(forms.delta)) { return clock.exported.micros() - static_cast<std::int64_t>(values[forms.delta] & 0xffff'ffffU); }
    return std::nullopt;
}

std::optional<std::int64_t> observed(const ExportProgram& program, const ExportValues& values) {
    if (program.has(observed_millis) && values[observed_millis] > 0) { return from_millis(values[observed_millis]); }
    if (program.has(observed_micros) && values[observed_micros] > 0) { return ntp_micros(values[observed_micros]); }
    if (program.has(observed_nanos) && values[observed_nanos] > 0) { return ntp_micros(values[observed_nanos]); }
    if (program.has(observed_seconds) && values[observed_seconds] > 0) { return from_millis(std::min(values[observed_seconds], kMostMillis / 1000) * 1000); }
    return std::nullopt;
}

void set_times(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, ExportRecord& out) {
    auto first = moment(program, values, clock, kFirst);
    auto last = moment(program, values, clock, kLast);
    if (!last) { last = observed(program, values); }
    std::optional<std::int64_t> lasted;
    if (program.has(duration_millis)) { lasted = from_millis(values[duration_millis]); }
    else if (program.has(duration_micros)) { lasted = static_cast<std::int64_t>(std::min(values[duration_micros], kMostMillis)); }
    // Both by a clock whose start nobody has told: their distance is known, and that they were exported soon after.
    else if (!first && !last && program.has(first_uptime) && program.has(last_uptime)) {
        lasted = std::int64_t{static_cast<std::uint32_t>(values[last_uptime] - values[first_uptime])} * 1000;
    }
    if (!first && !last) { last = clock.exported.micros(); }
    if (!first) { first = *last - lasted.value_or(0); }
    if (!last) { last = *first + lasted.value_or(0); }
    const std::int64_t most = from_millis(kMostMillis);
    out.first = Time::from_micros(std::clamp(*first, std::int64_t{0}, most));
    out.last = std::max(out.first, Time::from_micros(std::clamp(*last, std::int64_t{0}, most)));
}

bool set_addresses(const ExportProgram& program, const ExportValues& values, ExportRecord& out) {
    const bool four = program.has(source_v4) && program.has(destination_v4);
    const bool six = program.has(source_high) && program.has(destination_high);
    if (four && (!six || (values[source_v4] | values[destination_v4]) != 0)) {
        out.source = net::Address::v4(static_cast<std::uint32_t>(values[source_v4]));
        out.destination = net::Address::v4(static_cast<std::uint32_t>(values[destination_v4]));
        return (values[source_v4] | values[destination_v4]) != 0;
    }
    if (!six) { return false; }
    out.source = net::Address::v6(values[source_high], values[source_low]);
    out.destination = net::Address::v6(values[destination_high], values[destination_low]);
    return (values[source_high] | values[source_low] | values[destination_high] | values[destination_low]) != 0;
}

/// Whether the record has counts, and those of which direction.
bool set_counts(const ExportProgram& program, const ExportValues& values, ExportRecord& out) {
    const auto first_of = [&](std::initializer_list<ExportSlot> slots, std::uint64_t& into) {
        for (const ExportSlot slot : slots) {
            if (!program.has(slot)) { continue; }
            into = values[slot];
            if (into > 0) { return slot; }
        }
        return none;
    };
    const bool counted = program.has(bytes) || program.has(packets) || program.has(total_bytes) || program.has(total_packets) ||
                         program.has(out_bytes) || program.has(out_packets) || program.has(initiator_bytes) || program.has(layer2_bytes);
    const ExportSlot by = first_of({packets, total_packets, initiator_packets, out_packets}, out.packets);
    const ExportSlot size = first_of({bytes, total_bytes, initiator_bytes, out_bytes, layer2_bytes}, out.bytes);
    out.cumulative = by == total_packets || (by == none && size == total_bytes);
    first_of({reverse_packets, reverse_total_packets, responder_packets}, out.reverse_packets);
    first_of({reverse_bytes, reverse_total_bytes, responder_bytes}, out.reverse_bytes);
    out.biflow = program.has(reverse_bytes) || program.has(reverse_packets) || program.has(reverse_total_bytes) || program.has(reverse_total_packets) ||
                 program.has(responder_bytes) || program.has(responder_packets);
    if (out.packets == 0 && out.bytes > 0) { out.packets = 1; }  // no packet count in the template: there was one at least
    if (out.reverse_packets == 0 && out.reverse_bytes > 0) { out.reverse_packets = 1; }
    return counted && out.packets + out.reverse_packets > 0;
}

void turn(ExportRecord& record) {
    std::swap(record.source, record.destination);
    std::swap(record.source_port, record.destination_port);
    std::swap(record.packets, record.reverse_packets);
    std::swap(record.bytes, record.reverse_bytes);
    std::swap(record.tcp_flags, record.reverse_tcp_flags);
}

void set_icmp(const ExportProgram& program, const ExportValues& values, ExportRecord& out) {
    constexpr std::uint64_t kEchoReply = 0;
    constexpr std::uint64_t kEchoReply6 = 129;
    const bool six = out.protocol == number(Protocol::icmp6);
    // Where no element tells the type, NetFlow has it in the high byte of the destination port.
    const std::uint64_t type = program.has(icmp_type)                    ? values[icmp_type]
                               : six && program.has(icmp6_type_code)     ? values[icmp6_type_code] >> 8U
                               : program.has(icmp_type_code)             ? values[icmp_type_code] >> 8U
                                                                         : std::uint64_t{out.destination_port} >> 8U;
    const bool told = program.has(icmp_type) || program.has(icmp_type_code) || (six && program.has(icmp6_type_code)) || out.source_port == 0;
    out.echo_reply = told && type == (six ? kEchoReply6 : kEchoReply);
    out.source_port = 0;
    out.destination_port = 0;
}

}  // namespace template_detail
}  // namespace

void ExportProgram::add(const ExportField& field, ExportSlot slot, std::uint64_t offset) {
    using namespace template_detail;
    const auto place = static_cast<std::uint16_t>(offset);
    if (slot == source_high || slot == destination_high) {
        const ExportSlot low = slot == source_high ? source_low : destination_low;
        moves_.push_back({.offset = place, .length = 8, .slot = slot});
        moves_.push_back({.offset = static_cast<std::uint16_t>(offset + 8), .length = 8, .slot = low});
        has_.set(static_cast<std::size_t>(low));
    } else {
        moves_.push_back({.offset = place, .length = field.length, .slot = slot});
    }
    has_.set(static_cast<std::size_t>(slot));
}

ExportProgram ExportProgram::compile(std::span<const ExportField> fields, std::size_t scope_fields, bool opaque_scope) {
    using namespace template_detail;
    ExportProgram program;
    program.options_ = scope_fields > 0;
    program.variable_ = std::ranges::any_of(fields, [](const ExportField& f) { return f.length == kVariableLength; });
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const ExportField& field = fields[i];
        ExportSlot slot = opaque_scope && i < scope_fields ? none : slot_of(field);
        const bool v6 = slot == source_high || slot == destination_high;
        const bool fits = is_bytes(slot) ? field.length > 0 : v6 ? field.length == 16 : field.length >= 1 && field.length <= 8;
        const bool varies = field.length == kVariableLength;
        if (program.has(slot) || (!fits && !varies) || (varies && !is_bytes(slot))) { slot = none; }
        if (program.variable_) {
            program.walk_.push_back({.offset = 0, .length = field.length, .slot = slot});
            if (slot != none) {
                program.has_.set(static_cast<std::size_t>(slot));
                if (v6) { program.has_.set(static_cast<std::size_t>(slot == source_high ? source_low : destination_low)); }
            }
        } else if (slot != none && offset + field.length <= 0xffffU) {
            program.add(field, slot, offset);
        }
        offset += varies ? 1 : field.length;
    }
    // No set can hold a longer record than this, whatever a template says.
    program.length_ = offset <= 0xffffU ? static_cast<std::size_t>(offset) : std::size_t{0x10000};
    return program;
}

std::size_t ExportProgram::footprint() const { return sizeof(ExportProgram) + (moves_.capacity() + walk_.capacity()) * sizeof(Move); }

std::optional<std::size_t> ExportProgram::read(std::span<const std::byte> record, ExportValues& values) const {
    using namespace template_detail;
    if (record.size() < length_) { return std::nullopt; }
    const auto set = [&values](ExportSlot slot, std::uint64_t value) { values.at[static_cast<std::size_t>(slot)] = value; };
    if (!variable_) {
        for (const Move& move : moves_) {
            if (is_bytes(move.slot)) {
                set(move.slot, (std::uint64_t{move.offset} << 32U) | move.length);
            } else {
                set(move.slot, export_number(record.subspan(move.offset, move.length)));
            }
        }
        return length_;
    }
    std::size_t at = 0;
    for (const Move& field : walk_) {
        std::size_t size = field.length;
        if (field.length == kVariableLength) {  // RFC 7011, 7: one byte, or 255 and two more
            if (record.size() - at < 1) { return std::nullopt; }
            size = std::to_integer<std::size_t>(record[at++]);
            if (size == 255) {
                if (record.size() - at < 2) { return std::nullopt; }
                size = static_cast<std::size_t>(export_number(record.subspan(at, 2)));
                at += 2;
            }
        }
        if (record.size() - at < size) { return std::nullopt; }
        if (field.slot != none) {
            if (is_bytes(field.slot)) {
                set(field.slot, (std::uint64_t{at} << 32U) | size);
            } else if (field.slot == source_high || field.slot == destination_high) {
                set(field.slot, export_number(record.subspan(at, 8)));
                set(field.slot == source_high ? source_low : destination_low, export_number(record.subspan(at + 8, 8)));
            } else {
                set(field.slot, export_number(record.subspan(at, size)));
            }
        }
        at += size;
    }
    return at;
}

std::uint32_t export_sampling(const ExportProgram& program, const ExportValues& values) {
    using namespace template_detail;
    constexpr std::uint64_t kMost = 0xffff'ffffU;
    if (program.has(sampling_interval)) { return static_cast<std::uint32_t>(std::min(std::max<std::uint64_t>(values[sampling_interval], 1), kMost)); }
    if (program.has(sampling_packets) && values[sampling_packets] > 0 && program.has(sampling_space)) {
        const std::uint64_t each = values[sampling_packets];
        const std::uint64_t all = each + std::min(values[sampling_space], std::numeric_limits<std::uint64_t>::max() - each);
        return static_cast<std::uint32_t>(std::min(all / each, kMost));
    }
    if (program.has(sampling_population) && program.has(sampling_size) && values[sampling_size] > 0) {
        return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(values[sampling_population] / values[sampling_size], 1, kMost));
    }
    if (program.has(sampling_probability)) {
        const auto share = std::bit_cast<double>(values[sampling_probability]);
        if (share > 0 && share <= 1) { return static_cast<std::uint32_t>(std::min(std::round(1 / share), static_cast<double>(kMost))); }
    }
    return 0;
}

void export_times(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, ExportRecord& out) {
    template_detail::set_times(program, values, clock, out);
}

ExportFault make_export_record(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, ExportRecord& out) {
    using namespace template_detail;
    if (!set_addresses(program, values, out)) { return ExportFault::no_address; }
    if (!set_counts(program, values, out)) { return ExportFault::no_counts; }
    if (program.has(original_flows) && values[original_flows] > 1) { return ExportFault::aggregated; }
    const auto narrow8 = [&](ExportSlot slot) { return program.has(slot) ? static_cast<std::uint8_t>(values[slot]) : std::uint8_t{0}; };
    const auto narrow16 = [&](ExportSlot slot) { return program.has(slot) ? static_cast<std::uint16_t>(values[slot]) : std::uint16_t{0}; };
    out.protocol = narrow8(protocol);
    out.source_port = narrow16(source_port);
    out.destination_port = narrow16(destination_port);
    out.tcp_flags = static_cast<std::uint8_t>(narrow8(tcp_flags) | narrow8(first_flags) | narrow8(rest_flags));
    out.reverse_tcp_flags = static_cast<std::uint8_t>(narrow8(reverse_tcp_flags) | narrow8(reverse_first_flags) | narrow8(reverse_rest_flags));
    out.ttl_min = program.has(ttl_min) ? narrow8(ttl_min) : narrow8(ttl);
    out.ttl_max = program.has(ttl_max) ? narrow8(ttl_max) : narrow8(ttl);
    const std::uint64_t why = program.has(end_reason) ? values[end_reason] : 0;
    out.end = why <= 5 ? static_cast<FlowEnd>(why) : FlowEnd::unknown;
    out.leaving = program.has(direction) && values[direction] <= 1 ? narrow8(direction) : std::uint8_t{2};
    out.sampling = 0;
    out.echo_reply = false;
    set_times(program, values, clock, out);
    if (out.protocol == number(Protocol::icmp) || out.protocol == number(Protocol::icmp6)) { set_icmp(program, values, out); }
    out.initiator_known = program.has(biflow_direction) && (values[biflow_direction] == 1 || values[biflow_direction] == 2);
    if (out.biflow && program.has(biflow_direction) && values[biflow_direction] == 2) { turn(out); }
    if (out.biflow && out.packets == 0) { turn(out); }
    return ExportFault::none;
}

}  // namespace hw::flow::read
