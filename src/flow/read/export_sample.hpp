#pragma once

#include "flow/read/decode.hpp"
#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::read {

/// Makes records of single packets that an exporter has drawn and of which it sends the first bytes: through the same decoder
/// as captures. Of tunnelled packets the outer one counts, as in any flow export.
class PacketSampler {
public:
    PacketSampler() : decoder_(0, none_) {}

    /// The record of one packet (`packets` 1, `sampled`); nothing where it is none that makes a flow: `report` has counted why.
    [[nodiscard]] std::optional<ExportRecord> sample(LinkType link, const Frame& frame, ReadReport& report);

private:
    ReadReport none_;
    Decoder decoder_;
    std::vector<Packet> packets_;
};

/// Appends a record for each packet that the samples of an sFlow v5 datagram tell of (sflow.org, "sFlow Version 5", 2004):
/// flow and expanded flow samples with raw headers or with IPv4 or IPv6 data. `samples` begins behind the datagram's header;
/// `count` is how many it announces. Counter samples, samples of discarded packets and what else there may be are passed over and
/// counted. Times are `observed_at`, when the datagram came: sFlow carries none.
void read_sflow_samples(std::span<const std::byte> samples, std::uint32_t count, Time observed_at, std::uint64_t offset, std::uint32_t exporter,
                        PacketSampler& sampler, ReadReport& report, std::vector<ExportRecord>& out);

/// The header of an sFlow v5 datagram.
struct SflowHeader {
    net::Address agent;
    std::uint32_t sub_agent = 0;
    std::uint32_t sequence = 0;
    std::uint32_t samples = 0;
    std::size_t size = 0;  ///< Of the header itself.
};
[[nodiscard]] std::optional<SflowHeader> sflow_header(std::span<const std::byte> message);
/// The datagram's size, where its samples follow one another as announced.
[[nodiscard]] std::optional<std::size_t> sflow_size(std::span<const std::byte> message);

}  // namespace hw::flow::read
