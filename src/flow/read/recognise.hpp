#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hw::flow::read {

/// The forms of input that have a reader.
enum class Format : std::uint8_t {
    pcap,
    pcapng,
    zeek_tsv,
    zeek_json,
    export_messages,  ///< NetFlow and IPFIX messages one after the other.
    suricata_eve,
    aws_vpc,
    azure_log,        ///< Of a network security group or a virtual network.
    gcp_vpc,
    nfdump,           ///< A file of nfdump's (nfcapd).
    export_capture,   ///< A capture (pcap or pcapng) of datagrams that hold such messages.
};
/// As in `ReadReport::format`: `pcap`, `pcapng`, `zeek-tsv`, `zeek-json`, `flow-exports`, `flow-exports in pcap`, `nfdump`, `suricata-eve`, `aws-vpc`,
/// `azure-flow-log`, `gcp-vpc`.
[[nodiscard]] std::string_view to_string(Format format);

/// Tells the form of an input from its first bytes (unpacked; some KiB are enough). `where` goes into the error, which
/// names what the bytes look like, where that is known, and what would be understood.
[[nodiscard]] Result<Format> recognise(std::span<const std::byte> head, std::string_view where);

/// The time of the first packet in a capture's first bytes; nothing where it cannot be told so early. Good enough to put
/// the pieces of a rotated capture in order.
[[nodiscard]] std::optional<Time> first_packet_time(std::span<const std::byte> head, Format format);

}  // namespace hw::flow::read
