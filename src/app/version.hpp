#pragma once

#include <array>
#include <string_view>

namespace hw::app {

/// The version as released: `0.1.0`.
[[nodiscard]] std::string_view version();
/// The compiler that built this program.
[[nodiscard]] std::string_view compiler();

/// What the program reads and writes, as `version` lists it.
inline constexpr std::array<std::string_view, 14> kFormatsRead{"pcap",       "pcapng", "zeek-tsv", "zeek-json", "netflow-v5",   "netflow-v7", "netflow-v9",
                                                               "ipfix",      "sflow",  "nfdump",   "suricata-eve", "aws-vpc", "azure-flow-log", "gcp-vpc"};
inline constexpr std::array<std::string_view, 3> kCompressionsRead{"gzip", "zstd", "xz"};
inline constexpr std::array<std::string_view, 5> kFormatsWritten{"table", "json", "ndjson", "csv", "html"};

}  // namespace hw::app
