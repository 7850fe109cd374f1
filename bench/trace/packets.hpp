#pragma once

#include "base/error.hpp"
#include "flow/flow.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::bench {

/// One packet that carried something new: TCP payload not seen before, any packet of another protocol.
struct PacketPoint {
    std::int64_t micros = 0;  ///< Since the epoch, on the observer's clock.
    std::uint32_t bytes = 0;  ///< New payload bytes.
};

/// One flow's packets in order of time, told apart by which end sent them.
struct FlowPackets {
    std::vector<PacketPoint> from_client;
    std::vector<PacketPoint> from_server;
};

/// Which flow to take out of a capture.
struct FlowName {
    net::Endpoint client;
    net::Endpoint server;
    flow::Protocol protocol{};
    friend bool operator==(const FlowName&, const FlowName&) = default;
};

/// The packets of the flows called `names`, in their order, out of one laboratory capture (classic pcap, Ethernet, packed or
/// not). A name that nothing fits gets empty lists. Fails when the file is no such capture; a damaged tail ends the reading.
[[nodiscard]] Result<std::vector<FlowPackets>> read_packets(const std::string& path, const std::vector<FlowName>& names);

}  // namespace hw::bench
