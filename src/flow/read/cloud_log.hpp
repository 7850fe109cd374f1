#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/eve_log.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"
#include "net/address.hpp"

#include <functional>
#include <stop_token>
#include <string_view>

namespace hw::flow::read {

/// Whether a text begins like a flow log of Azure's: of a network security group (versions 1, 2) or a virtual network (version 4).
[[nodiscard]] bool looks_like_azure(std::string_view head);

/// Reads flow logs of Azure's, as they lie in its storage (`{"records":[…]}`) or record by record. A tuple tells of a connection, whose
/// source opened it: that it was begun, goes on or has ended, with the packets and bytes of both directions since the tuple
/// before. So each record lasts from the tuple before, where the log holds it, to its own moment; else it is that moment.
/// Passed over and counted: denied traffic (it never arrived), connections of which the log tells only that they were begun, and tuples
/// of version 1, which count nothing. Times are whole seconds in versions 1 and 2, milliseconds in version 4.
///
/// Fails (`malformed`) where no record can be read at all.
[[nodiscard]] Result<void> read_azure(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report);

/// Where records of a log with several observers go: with the address of the interface that the record was made at.
using ObservedRecordSink = std::function<void(ExportRecord&&, const net::Address& observer)>;

/// Whether a text begins like a flow log of Google's VPC.
[[nodiscard]] bool looks_like_gcp(std::string_view head);

/// Reads flow logs of Google's VPC: entries of its logging (`jsonPayload`) or the payloads alone, in an array or one after the other. A record
/// is of one direction, and both ends' machines tell of it (`reporter`): each is an observer of its own. Google draws packets and scales
/// the counts up itself, so they are estimates and `sampling` is 1. Records of gateways belong to the log as a whole.
///
/// Fails (`malformed`) where no record can be read at all.
[[nodiscard]] Result<void> read_gcp(ByteSource& bytes, const ObservedRecordSink& sink, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
