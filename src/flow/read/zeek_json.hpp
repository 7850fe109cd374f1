#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/report.hpp"
#include "flow/read/zeek_connections.hpp"

#include <stop_token>

namespace hw::flow::read::zeek {

/// Reads Zeek logs as JSON, one object a line: connections go into `connections`. Understands the names that
/// `field_by_name` knows, flat with points or nested, numbers also as strings. Lines of other logs, told by the line's own
/// word (`_path`, `log`, `event.dataset`, or all of it in `{"conn": {…}}`) or by lacking all that only conn has, are
/// passed over and counted, and so are lines that cannot be read. `report` comes with `path` set. Ends without an error
/// when `stop` is requested.
///
/// Fails (`unsupported`) where all lines are of other logs, (`malformed`) where none can be read, or when the bytes cannot
/// be read on.
[[nodiscard]] Result<void> read_json(ByteSource& bytes, Connections& connections, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read::zeek
