#include "flow/clickhouse/flow_row.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace hw::flow::clickhouse {
namespace {
namespace row_columns {

constexpr std::string_view kColumns =
    "day Date, batch UInt64, row UInt32, id UInt64, observer String, first Int64, last Int64, client FixedString(16), server FixedString(16), "
    "client_port UInt16, server_port UInt16, protocol UInt8, end UInt8, basis UInt8, tunnel_depth UInt8, local UInt8, sampling UInt32, "
    "request_packets UInt64, request_bytes UInt64, request_payload UInt64, request_flags UInt8, request_ttl_min UInt8, request_ttl_max UInt8, "
    "request_link_sender UInt32, reply_packets UInt64, reply_bytes UInt64, reply_payload UInt64, reply_flags UInt8, reply_ttl_min UInt8, "
    "reply_ttl_max UInt8, reply_link_sender UInt32, handshake String, activity_width Int64, activity_request String, activity_reply String, uid String";

constexpr std::int64_t kMicrosADay = 86'400'000'000;

/// 0: not said, 1: no, 2: yes.
std::uint8_t three_valued(const std::optional<bool>& value) { return value ? (*value ? 2 : 1) : 0; }
std::optional<bool> from_three_valued(unsigned value) { return value == 0 ? std::nullopt : std::optional(value == 2); }

void write_half(RowWriter& out, const HalfFlow& half) {
    out.integer(half.packets).integer(half.bytes).integer(half.payload_bytes).integer(half.tcp_flags).integer(half.ttl_min).integer(half.ttl_max).integer(half.link_sender);
}

void read_half(RowReader& in, HalfFlow& half) {
    half.packets = in.integer<std::uint64_t>();
    half.bytes = in.integer<std::uint64_t>();
    half.payload_bytes = in.integer<std::uint64_t>();
    half.tcp_flags = in.integer<std::uint8_t>();
    half.ttl_min = in.integer<std::uint8_t>();
    half.ttl_max = in.integer<std::uint8_t>();
    half.link_sender = in.integer<std::uint32_t>();
}

std::array<std::optional<Time> Handshake::*, 5> moments() {
    return {&Handshake::syn, &Handshake::syn_ack, &Handshake::ack, &Handshake::first_request, &Handshake::first_reply};
}

/// Empty where nothing is known; else a byte that says which moments are, these, and the four numbers.
std::string pack_handshake(const Handshake& handshake) {
    if (handshake == Handshake{}) { return {}; }
    RowWriter out;
    std::uint8_t known = 0;
    for (std::size_t i = 0; i < moments().size(); ++i) { known = static_cast<std::uint8_t>(known | ((handshake.*moments()[i]) ? 1U << i : 0U)); }
    out.integer(known);
    for (const auto moment : moments()) {
        if (handshake.*moment) { out.integer((handshake.*moment)->micros()); }
    }
    out.integer(handshake.client_mss).integer(handshake.server_mss).integer(handshake.client_window).integer(handshake.server_window);
    std::string text;
    std::ranges::transform(out.bytes(), std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
    return text;
}

std::optional<Handshake> unpack_handshake(std::string_view text) {
    Handshake handshake;
    if (text.empty()) { return handshake; }
    RowReader in(text);
    const auto known = in.integer<std::uint8_t>();
    for (std::size_t i = 0; i < moments().size(); ++i) {
        if ((known >> i & 1U) != 0) { handshake.*moments()[i] = Time::from_micros(in.integer<std::int64_t>()); }
    }
    handshake.client_mss = in.integer<std::uint16_t>();
    handshake.server_mss = in.integer<std::uint16_t>();
    handshake.client_window = in.integer<std::uint16_t>();
    handshake.server_window = in.integer<std::uint16_t>();
    if (!in.good() || !in.at_end() || known >= 1U << moments().size()) { return std::nullopt; }
    return handshake;
}

}  // namespace row_columns
}  // namespace

std::string_view flow_columns() { return row_columns::kColumns; }

std::string flow_column_names() {
    std::string names;
    for (std::string_view rest = row_columns::kColumns; !rest.empty();) {
        const auto end = std::min(rest.find(", "), rest.size());
        names += (names.empty() ? "" : ", ") + std::string(rest.substr(0, rest.find(' ')));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return names;
}

std::uint16_t day_of(Time time) {
    const std::int64_t micros = time.micros();
    const std::int64_t day = micros / row_columns::kMicrosADay - (micros % row_columns::kMicrosADay < 0 ? 1 : 0);
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(day, 0, std::numeric_limits<std::uint16_t>::max()));
}

void write_flow_row(RowWriter& out, const Flow& flow, std::string_view observer, std::uint64_t batch, std::uint32_t row) {
    using namespace row_columns;
    out.integer(day_of(flow.last)).integer(batch).integer(row).integer(static_cast<std::uint64_t>(flow.id)).text(observer);
    out.integer(flow.first.micros()).integer(flow.last.micros()).address(flow.client.address).address(flow.server.address);
    out.integer(net::number(flow.client.port)).integer(net::number(flow.server.port)).integer(number(flow.protocol));
    out.integer(static_cast<std::uint8_t>(flow.end)).integer(static_cast<std::uint8_t>(flow.basis)).integer(flow.tunnel_depth);
    out.integer(static_cast<std::uint8_t>(three_valued(flow.client_local) + 3U * three_valued(flow.server_local))).integer(flow.sampling);
    write_half(out, flow.request);
    write_half(out, flow.reply);
    out.text(pack_handshake(flow.handshake)).integer(static_cast<std::int64_t>(flow.activity.width().count()));
    out.text(flow.activity.packed(Direction::request)).text(flow.activity.packed(Direction::reply)).text(flow.uid);
}

Result<FlowRow> read_flow_row(RowReader& in) {
    using namespace row_columns;
    const std::size_t begin = in.offset();
    FlowRow out;
    Flow& flow = out.flow;
    static_cast<void>(in.integer<std::uint16_t>());  // the day follows from `last`
    out.batch = in.integer<std::uint64_t>();
    out.row = in.integer<std::uint32_t>();
    flow.id = FlowId{in.integer<std::uint64_t>()};
    out.observer = in.text();
    flow.first = Time::from_micros(in.integer<std::int64_t>());
    flow.last = Time::from_micros(in.integer<std::int64_t>());
    flow.client.address = in.address();
    flow.server.address = in.address();
    flow.client.port = net::Port{in.integer<std::uint16_t>()};
    flow.server.port = net::Port{in.integer<std::uint16_t>()};
    flow.protocol = Protocol{in.integer<std::uint8_t>()};
    const auto end = in.integer<std::uint8_t>();
    const auto basis = in.integer<std::uint8_t>();
    flow.tunnel_depth = in.integer<std::uint8_t>();
    const auto local = in.integer<std::uint8_t>();
    flow.sampling = in.integer<std::uint32_t>();
    read_half(in, flow.request);
    read_half(in, flow.reply);
    const auto handshake = unpack_handshake(in.text());
    const Duration width(in.integer<std::int64_t>());
    const auto request = in.text();
    const auto reply = in.text();
    flow.uid = in.text();
    auto activity = Activity::from_stored(request, reply, width);
    const bool known = end <= static_cast<std::uint8_t>(FlowEnd::lack_of_resources) && basis <= static_cast<std::uint8_t>(InitiatorBasis::exporter) && local < 9;
    if (!in.good() || !known || !handshake || !activity || flow.first > flow.last || flow.sampling == 0) {
        return fail(Errc::malformed, "the table's rows are not what this version of Headwater writes", "byte " + std::to_string(begin) + " of the answer",
                    "were its columns changed, or does a newer Headwater write to it?");
    }
    flow.end = FlowEnd{end};
    flow.basis = InitiatorBasis{basis};
    flow.client_local = from_three_valued(local % 3U);
    flow.server_local = from_three_valued(local / 3U);
    flow.handshake = *handshake;
    flow.activity = std::move(*activity);
    return out;
}

}  // namespace hw::flow::clickhouse
