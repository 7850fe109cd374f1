#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>

namespace hw::flow::read {

/// Whether the bytes begin like a file of nfdump's (nfcapd, nfpcapd): the number 0xA50C in either byte order, and a layout of 1 (nfdump
/// 1.6) or 2 (1.7).
[[nodiscard]] bool recognise_nfdump(std::span<const std::byte> head);

/// Where records go: each with the address of its exporter, `::` where the file does not tell it.
using NfdumpSink = std::function<void(ExportRecord&& record, const net::Address& exporter)>;

/// Reads a file of nfdump's: layout 1 (common records) and layout 2 (V3 records), blocks plain or packed with LZO, LZ4, bzip2 or
/// zstd. Counts stand as they are in the file: nfcapd has scaled sampled ones up already. Blocks and records that cannot be used are counted;
/// a tail that is cut off ends the reading without an error. Fails (`unsupported`) for other layouts and encrypted files.
[[nodiscard]] Result<void> read_nfdump(ByteSource& bytes, const NfdumpSink& sink, const std::stop_token& stop, ReadReport& report);

}  // namespace hw::flow::read
