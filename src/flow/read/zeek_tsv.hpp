#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/report.hpp"
#include "flow/read/zeek_connections.hpp"

#include <stop_token>

namespace hw::flow::read::zeek {

/// Reads a Zeek log in its own form (fields between separators, header lines with `#`): connections go into
/// `connections`. Columns may stand in any order and be missing where they are not needed; header lines may come again and
/// change everything (files joined together). Parts with another `#path` than conn are passed over and counted, and so
/// are lines that cannot be read. `report` comes with `path` set. Ends without an error when `stop` is requested.
///
/// Fails (`malformed`) where no header names the columns that a connection needs, (`unsupported`) where all that the
/// file holds is other logs, or when the bytes cannot be read on.
[[nodiscard]] Result<void> read_tsv(ByteSource& bytes, Connections& connections, const std::stop_token& stop, ReadReport& report);

/// The text with `\xNN` made bytes again, and `\\` a backslash.
[[nodiscard]] std::string unescape(std::string_view text);

}  // namespace hw::flow::read::zeek
