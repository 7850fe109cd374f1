#include "flow/read/export_decoder.hpp"

#include "base/byte_cursor.hpp"
#include "flow/read/export_decoder_state.hpp"

#include <algorithm>
#include <compare>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace hw::flow::read {
namespace {
namespace export_bytes_detail {

using export_detail::Bytes;

std::uint16_t be16(Bytes bytes, std::size_t at) { return static_cast<std::uint16_t>(export_number(bytes.subspan(at, 2))); }
std::uint32_t be32(Bytes bytes, std::size_t at) { return static_cast<std::uint32_t>(export_number(bytes.subspan(at, 4))); }

Time seconds_time(std::uint32_t seconds) { return Time::from_micros(std::int64_t{seconds} * 1'000'000); }

/// Whether a set of `size` bytes can hold records of `length` and nothing but padding behind them.
bool set_fits(std::size_t size, std::size_t length) { return length > 0 && size >= length && size % length <= export_detail::kLongestPadding; }

}  // namespace export_bytes_detail
}  // namespace

ExportDecoder::ExportDecoder(const ExportLimits& limits) : state_(std::make_unique<State>(limits)) {}
ExportDecoder::~ExportDecoder() = default;
ExportDecoder::ExportDecoder(ExportDecoder&&) noexcept = default;
ExportDecoder& ExportDecoder::operator=(ExportDecoder&&) noexcept = default;

std::span<const net::Address> ExportDecoder::exporters() const { return state_->exporter_list; }

std::uint32_t ExportDecoder::sampling_of(std::uint32_t exporter) const {
    return exporter < state_->exporter_rates.size() ? state_->exporter_rates[exporter] : 0;
}

void ExportDecoder::State::sequence(Scope& scope, std::uint32_t number, std::uint32_t step, std::string_view reason, std::uint64_t offset, ReadReport& report) {
    constexpr std::uint32_t kRestart = 1U << 24U;  // a larger leap is a restart, or a datagram that comes late
    const std::uint32_t gap = number - scope.sequence;
    if (scope.sequence_known && gap > 0 && gap < kRestart) { report.skip(reason, offset, gap); }
    if (!scope.sequence_known || gap < kRestart || gap < 0xffff'ff00U) { scope.sequence = number + step; }
    scope.sequence_known = true;
}

/// Sequence numbers of IPFIX count data records before the message (RFC 7011, 3.1). Exporters also count those of the message
/// itself, or leave out options records: what any of these explains is no loss. A message that could not be counted tells
/// nothing of the next one's number.
void ExportDecoder::State::number_of(Scope& scope, std::uint32_t number, std::optional<std::uint32_t> count, std::uint64_t offset, ReadReport& report) {
    constexpr std::uint32_t kRestart = 1U << 24U;
    const std::uint32_t step = number - scope.number;
    if (scope.sequence_known && count) {
        const bool explained = step == scope.records || step == scope.records - scope.options || step == *count || step == *count - options_seen;
        if (!explained && step > scope.records && step < kRestart) { report.skip("flow record lost on the way (IPFIX)", offset, step - scope.records); }
    }
    const bool late = scope.sequence_known && step > 0xffff'0000U;
    if (late) { return; }
    scope.number = number;
    scope.sequence_known = count.has_value();
    scope.records = count.value_or(0);
    scope.options = options_seen;
}

void ExportDecoder::feed(const net::Endpoint& exporter, Time observed_at, std::span<const std::byte> message, std::uint64_t offset, ReadReport& report,
                         std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    if (message.size() < kIpfixHeader) { return report.skip("export message cut short", offset); }
    ScopeKey sender{.address = exporter.address, .domain = 0, .port = net::number(exporter.port), .version = Version{be16(message, 0)}};
    switch (sender.version) {
        case Version::v5:
        case Version::v7: return state_->fixed(message, sender, observed_at, offset, report, out);
        case Version::v9: return state_->v9(message, sender, observed_at, offset, report, out);
        case Version::ipfix: return state_->ipfix(message, sender, observed_at, offset, report, out);
        case Version::sflow:
            if (be16(message, 2) != 5) { break; }
            return state_->sflow(message, sender, observed_at, offset, report, out);
    }
    report.skip("no export message of a version that is known", offset);
}

void ExportDecoder::finish(ReadReport& report) {
    for (auto& [key, scope] : state_->scopes) {
        for (const auto& waiting : scope.waiting) { report.skip("data set without its template", waiting.offset); }
        scope.waiting.clear();
        state_->held[scope.exporter].waiting_bytes -= scope.waiting_bytes;
        state_->waiting_bytes -= std::exchange(scope.waiting_bytes, 0);
    }
}

void ExportDecoder::State::fixed(Bytes message, const export_detail::ScopeKey& sender, Time now, std::uint64_t offset, ReadReport& report,
                                 std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    if (message.size() < kFixedHeader) { return report.skip("export message cut short", offset); }
    const bool seven = sender.version == Version::v7;
    const std::size_t length = seven ? kV7Record : kV5Record;
    ScopeKey key = sender;
    if (!seven) { key.domain = be16(message, 20); }  // engine type and number
    Scope* scope = scope_of(key, now, offset, report);
    if (scope == nullptr) { return; }
    const std::size_t announced = be16(message, 2);
    const std::size_t count = std::min(announced, (message.size() - kFixedHeader) / length);
    if (count < announced) { report.skip("flow record cut off", offset + kFixedHeader + count * length, announced - count); }
    sequence(*scope, be32(message, 16), static_cast<std::uint32_t>(announced), seven ? "flow record lost on the way (NetFlow v7)" : "flow record lost on the way (NetFlow v5)",
             offset, report);
    std::uint32_t rate = 0;
    if (!seven) {
        constexpr std::uint16_t kInterval = 0x3fff;  // below two bits of mode
        rate = be16(message, 22) & kInterval;
        if (rate > 0) { exporter_rates[scope->exporter] = rate; }
    }
    const std::uint32_t uptime = be32(message, 4);
    const std::int64_t exported = std::int64_t{be32(message, 8)} * 1'000'000 + be32(message, 12) / 1000;
    const auto moment = [&](std::uint32_t value) {
        constexpr std::uint32_t kAhead = 3'600'000;
        const std::uint32_t age = uptime - value;  // 32 bits that begin anew after 49.7 days
        const std::int64_t millis = age > 0xffff'ffffU - kAhead ? -std::int64_t{value - uptime} : std::int64_t{age};
        return Time::from_micros(std::max<std::int64_t>(exported - millis * 1000, 0));
    };
    for (std::size_t i = 0; i < count; ++i) {
        const Bytes record = message.subspan(kFixedHeader + i * length, length);
        ExportRecord flow;
        flow.source = net::Address::v4(be32(record, 0));
        flow.destination = net::Address::v4(be32(record, 4));
        flow.packets = be32(record, 16);
        flow.bytes = be32(record, 20);
        if (flow.packets == 0) {
            report.skip("flow record without packets or bytes", offset + kFixedHeader + i * length);
            continue;
        }
        flow.first = moment(be32(record, 24));
        flow.last = std::max(flow.first, moment(be32(record, 28)));
        flow.source_port = be16(record, 32);
        flow.destination_port = be16(record, 34);
        flow.tcp_flags = std::to_integer<std::uint8_t>(record[37]);
        flow.protocol = std::to_integer<std::uint8_t>(record[38]);
        if (flow.protocol == number(Protocol::icmp)) {
            flow.echo_reply = flow.source_port == 0 && flow.destination_port >> 8U == 0;
            flow.source_port = 0;
            flow.destination_port = 0;
        }
        flow.sampling = rate;
        flow.exporter = scope->exporter;
        out.push_back(flow);
        ++report.records;
    }
}

void ExportDecoder::State::v9(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    if (message.size() < kV9Header) { return report.skip("export message cut short", offset); }
    sender.domain = be32(message, 16);
    Scope* scope = scope_of(sender, now, offset, report);
    if (scope == nullptr) { return; }
    sequence(*scope, be32(message, 12), 1, "export message lost on the way (NetFlow v9)", offset, report);
    const ExportClock clock{.exported = seconds_time(be32(message, 8)), .uptime_millis = be32(message, 4), .uptime_known = true, .boot_millis = 0};
    std::size_t at = kV9Header;
    while (message.size() - at >= 4) {
        const std::uint16_t id = be16(message, at);
        const std::size_t size = be16(message, at + 2);
        if (id == 0 && size == 0) { return; }  // padding at the end of the message
        if (size < 4 || size > message.size() - at) { return report.skip("set with an impossible length", offset + at); }
        const Bytes set = message.subspan(at + 4, size - 4);
        if (id <= 1) {
            templates(*scope, set, id == 1, false, offset + at, report, out);
        } else if (id >= kFirstDataSet) {
            data(*scope, id, set, clock, offset + at, report, out);
        } else {
            report.skip("set of a reserved number", offset + at);
        }
        at += size;
    }
}

void ExportDecoder::State::ipfix(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    const std::size_t announced = be16(message, 2);
    if (announced < kIpfixHeader) { return report.skip("export message with an impossible length", offset); }
    if (announced > message.size()) {
        report.skip("export message cut short", offset);
    } else {
        message = message.first(announced);
    }
    sender.domain = be32(message, 12);
    Scope* scope = scope_of(sender, now, offset, report);
    if (scope == nullptr) { return; }
    const ExportClock clock{.exported = seconds_time(be32(message, 4)), .uptime_millis = 0, .uptime_known = false, .boot_millis = scope->boot_millis};
    std::uint32_t count = 0;
    options_seen = 0;
    bool counted = true;
    std::size_t at = kIpfixHeader;
    while (message.size() - at >= 4) {
        const std::uint16_t id = be16(message, at);
        const std::size_t size = be16(message, at + 2);
        if (size < 4 || size > message.size() - at) {
            report.skip("set with an impossible length", offset + at);
            counted = false;
            break;
        }
        const Bytes set = message.subspan(at + 4, size - 4);
        if (id == 2 || id == 3) {
            templates(*scope, set, id == 3, true, offset + at, report, out);
        } else if (id >= kFirstDataSet) {
            const auto records = data(*scope, id, set, clock, offset + at, report, out);
            counted = counted && records.has_value();
            count += records.value_or(0);
        } else {
            report.skip("set of a reserved number", offset + at);
            counted = false;
        }
        at += size;
    }
    number_of(*scope, be32(message, 8), counted && announced <= message.size() ? std::optional(count) : std::nullopt, offset, report);
}

void ExportDecoder::State::templates(Scope& scope, Bytes set, bool options, bool ipfix_form, std::uint64_t offset, ReadReport& report,
                                     std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    constexpr std::uint16_t kEnterprise = 0x8000;
    ByteCursor cursor(set);
    while (cursor.remaining() >= 4) {
        const std::uint16_t id = cursor.be16().value_or(0);
        std::size_t count = cursor.be16().value_or(0);
        if (id == 0 && count == 0) { return; }  // padding
        if (ipfix_form && count == 0) {         // withdrawal (RFC 7011, 8.1); of all of a kind by the set's own number
            if (id >= kFirstDataSet) {
                drop_template(scope, id);
            } else if (id == 2 || id == 3) {
                std::vector<std::uint16_t> all;
                for (const auto& [known, what] : scope.templates) {
                    if (what.program.options() == (id == 3)) { all.push_back(known); }
                }
                for (const std::uint16_t known : all) { drop_template(scope, known); }
            }
            continue;
        }
        std::size_t scope_fields = 0;
        if (options) {
            const auto second = cursor.be16();
            if (!second) { return report.skip("template cut short", offset); }
            if (ipfix_form) {
                scope_fields = *second;  // of the `count` fields in all
            } else {
                scope_fields = count / 4;  // both in bytes
                count = scope_fields + *second / 4;
            }
        }
        if (id < kFirstDataSet || (options && (scope_fields == 0 || scope_fields > count))) { return report.skip("template that cannot be", offset); }
        if (count > limits.fields) { return report.skip("template with too many fields", offset); }
        fields.clear();
        for (std::size_t i = 0; i < count; ++i) {
            const auto field = cursor.be16();
            const auto length = cursor.be16();
            if (!field || !length) { return report.skip("template cut short", offset); }
            ExportField made{.id = *field, .length = *length, .enterprise = 0};
            if (ipfix_form && (*field & kEnterprise) != 0) {
                const auto enterprise = cursor.be32();
                if (!enterprise) { return report.skip("template cut short", offset); }
                made.id = *field & static_cast<std::uint16_t>(~kEnterprise);
                made.enterprise = *enterprise;
            } else if (!ipfix_form && *length == kVariableLength) {
                return report.skip("template that cannot be", offset);
            }
            fields.push_back(made);
        }
        define(scope, id, ExportProgram::compile(fields, scope_fields, !ipfix_form), offset, report, out);
    }
}

std::optional<std::uint32_t> ExportDecoder::State::data(Scope& scope, std::uint16_t id, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report,
                                                        std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    const auto found = scope.templates.find(id);
    if (found == scope.templates.end()) {
        wait(scope, id, set, clock, offset, report);
        return std::nullopt;
    }
    Template& known = found->second;
    if (known.before) {
        const bool fits = !known.program.fixed() || set_fits(set.size(), known.program.length());
        const bool fitted = known.before->fixed() && set_fits(set.size(), known.before->length());
        if (!fits && fitted) { return records(scope, *known.before, set, clock, offset, report, out); }
        if (fits && !fitted) {
            template_bytes -= known.before->footprint();
            held[scope.exporter].template_bytes -= known.before->footprint();
            known.before.reset();
        }
    }
    return records(scope, known.program, set, clock, offset, report, out);
}

std::uint32_t ExportDecoder::State::records(Scope& scope, const ExportProgram& program, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report,
                                            std::vector<ExportRecord>& out) {
    using namespace export_detail;
    using namespace export_bytes_detail;
    std::uint32_t count = 0;
    std::size_t at = 0;
    while (set.size() - at >= program.length()) {
        const auto size = program.read(set.subspan(at), values);
        if (!size || *size == 0) { break; }
        ++count;
        const std::uint64_t place = offset + 4 + at;
        at += *size;
        if (program.options()) {
            ++options_seen;
            learn(scope, program);
            continue;
        }
        ExportRecord& record = out.emplace_back();
        if (program.has(ExportSlot::frame) || program.has(ExportSlot::ip_packet)) {
            if (!sampled(program, set.subspan(at - *size, *size), clock, place, report, record)) {
                out.pop_back();
                continue;
            }
        } else if (const ExportFault fault = make_export_record(program, values, clock, record); fault != ExportFault::none) {
            out.pop_back();
            report.skip(fault == ExportFault::no_address  ? "record without addresses"
                        : fault == ExportFault::no_counts ? "flow record without packets or bytes"
                                                          : "record of several flows summed up",
                        place);
            continue;
        }
        record.exporter = scope.exporter;
        record.sampling = export_sampling(program, values);
        if (record.sampling == 0) {
            record.sampling = scope.rate;
            if (program.has(ExportSlot::sampler)) {
                const auto rate = std::ranges::find(scope.rates, values[ExportSlot::sampler], &std::pair<std::uint64_t, std::uint32_t>::first);
                if (rate != scope.rates.end()) { record.sampling = rate->second; }
            }
        }
        ++report.records;
    }
    if (set.size() - at > kLongestPadding) { report.skip("set ends inside a record", offset + 4 + at); }
    return count;
}

void ExportDecoder::State::sflow(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out) {
    const auto header = sflow_header(message);
    if (!header) { return report.skip("export message cut short", offset); }
    sender.address = header->agent;
    sender.domain = header->sub_agent;
    sender.port = 0;
    Scope* scope = scope_of(sender, now, offset, report);
    if (scope == nullptr) { return; }
    sequence(*scope, header->sequence, 1, "export message lost on the way (sFlow)", offset, report);
    read_sflow_samples(message.subspan(header->size), header->samples, now, offset, scope->exporter, sampler, report, out);
}

bool ExportDecoder::State::sampled(const ExportProgram& program, Bytes record, const ExportClock& clock, std::uint64_t offset, ReadReport& report, ExportRecord& out) {
    const bool framed = program.has(ExportSlot::frame);
    const std::uint64_t place = values[framed ? ExportSlot::frame : ExportSlot::ip_packet];
    const Bytes bytes = record.subspan(static_cast<std::size_t>(place >> 32U), static_cast<std::size_t>(place & 0xffff'ffffU));
    const std::uint64_t sent = framed && program.has(ExportSlot::frame_size) ? std::min<std::uint64_t>(values[ExportSlot::frame_size], 0xffff) : 0;
    const bool six = !framed && !bytes.empty() && (std::to_integer<unsigned>(bytes[0]) >> 4U) == 6;
    const LinkType link = framed ? LinkType::ethernet : six ? LinkType::ipv6 : LinkType::ipv4;
    export_times(program, values, clock, out);
    const auto packet = sampler.sample(link, {.bytes = bytes, .wire_length = static_cast<std::uint32_t>(std::max<std::uint64_t>(bytes.size(), sent)),
                                              .time = out.first, .offset = offset}, report);
    if (!packet) { return false; }
    out = *packet;
    return true;
}

void ExportDecoder::State::learn(Scope& scope, const ExportProgram& program) {
    if (program.has(ExportSlot::boot_millis) && values[ExportSlot::boot_millis] > 0) { scope.boot_millis = values[ExportSlot::boot_millis]; }
    const std::uint32_t rate = export_sampling(program, values);
    if (rate == 0) { return; }
    scope.rate = rate;
    exporter_rates[scope.exporter] = rate;
    if (!program.has(ExportSlot::sampler)) { return; }
    const auto known = std::ranges::find(scope.rates, values[ExportSlot::sampler], &std::pair<std::uint64_t, std::uint32_t>::first);
    if (known != scope.rates.end()) {
        known->second = rate;
    } else if (scope.rates.size() < limits.scope_rates) {
        scope.rates.emplace_back(values[ExportSlot::sampler], rate);
    }
    // With several samplers a record that names none has an unknown rate.
    if (scope.rates.size() > 1) { scope.rate = 0; }
}

}  // namespace hw::flow::read
