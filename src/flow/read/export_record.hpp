#pragma once

#include "base/time.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <cstdint>

namespace hw::flow::read {

/// What an exporter (NetFlow, IPFIX, sFlow) says of one direction of a conversation, or of both where it joins them itself (RFC 5103).
/// Counts are as exported: of sampled packets, not scaled up.
struct ExportRecord {
    net::Address source;
    net::Address destination;
    Time first;
    Time last;  ///< Not before `first`.
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;            ///< IP header and all above it, where the exporter keeps to the standards.
    std::uint64_t reverse_packets = 0;  ///< Where `biflow`.
    std::uint64_t reverse_bytes = 0;
    std::uint32_t exporter = 0;  ///< Index into `ExportDecoder::exporters()`.
    std::uint32_t sampling = 0;  ///< One packet in so many was counted; 0: the exporter has not said.
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint8_t protocol = 0;
    std::uint8_t tcp_flags = 0;
    std::uint8_t reverse_tcp_flags = 0;
    std::uint8_t ttl_min = 0;  ///< 0 where unknown.
    std::uint8_t ttl_max = 0;
    FlowEnd end = FlowEnd::unknown;
    std::uint8_t leaving = 2;     ///< flowDirection (IPFIX 61): 0 met on its way in, 1 on its way out, 2 not said.
    bool biflow = false;          ///< The reverse counts are there; `source` opened the conversation.
    bool initiator_known = false; ///< For `biflow`: the exporter says which end opened it (biflowDirection, IPFIX 239).
    bool cumulative = false;      ///< The counts are since the flow began (octetTotalCount), not since its last record.
    bool sampled = false;         ///< A single packet that was drawn, not a flow.
    bool echo_reply = false;      ///< ICMP echo reply: its destination has asked.
    friend bool operator==(const ExportRecord&, const ExportRecord&) = default;
};

}  // namespace hw::flow::read
