#pragma once

#include "flow/read/eve_log.hpp"

namespace hw::flow::read {

/// Whether a line is of a flow log of Amazon's VPC: its header, or a record in the default form.
[[nodiscard]] bool looks_like_vpc(std::string_view line);

/// Reads flow logs of Amazon's VPC (versions 2 to 5): words between blanks, in the default order or in that of a header line, with
/// or without the time that CloudWatch puts before. Records of no data, and of traffic that was rejected (it never arrived), are
/// passed over and counted. `pkt-srcaddr` and `pkt-dstaddr` win over `srcaddr` and `dstaddr`, which for traffic through a gateway
/// of Amazon's are the interface's own. Times are whole seconds.
///
/// Fails (`malformed`) where no line can be read at all.
[[nodiscard]] Result<void> read_vpc(ByteSource& bytes, const LogRecordSink& sink, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
