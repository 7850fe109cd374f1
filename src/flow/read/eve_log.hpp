#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"

#include <functional>
#include <stop_token>
#include <string_view>

namespace hw::flow::read {

/// Where records of logs go.
using LogRecordSink = std::function<void(ExportRecord&&)>;

/// Whether a line is one of Suricata's EVE log: a JSON object with an `event_type`.
[[nodiscard]] bool looks_like_eve(std::string_view line);

/// Reads Suricata's EVE log, one JSON object a line. Events `flow` become records of both directions, whose source opened the
/// conversation; events `netflow` records of one direction, which are used only where the log has no `flow` events, as they
/// tell of the same packets. Other events (alerts, protocols, statistics) are passed over and counted together. Suricata counts
/// bytes with the link's header: 14 a packet are taken off, Ethernet's.
///
/// Fails (`malformed`) where no line is such an event at all.
[[nodiscard]] Result<void> read_eve(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
