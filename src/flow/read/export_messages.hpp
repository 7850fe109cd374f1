#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"
#include "flow/read/decode.hpp"
#include "flow/read/export_decoder.hpp"
#include "flow/read/export_flows.hpp"
#include "flow/read/report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace hw::flow::read {

/// Gathers what one input (or the pieces of a rotation) holds of flow exports, whether as a file of messages or as a capture
/// of their datagrams, and makes flows of it.
class ExportInput {
public:
    explicit ExportInput(std::string observer_name) : flows_(std::move(observer_name)) {}

    /// Reads a file of NetFlow and IPFIX messages one after the other, as a collector wrote them down. Who sent them is
    /// not known: all is one exporter's, which goes by the observer's name. Damage ends the reading without an error.
    [[nodiscard]] Result<void> read_messages(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);

    /// Reads a capture of datagrams that hold exports; each source address is an exporter of its own. Packets that hold none are
    /// counted as such and are no flows: a capture of exports and one of traffic are different things.
    [[nodiscard]] Result<void> read_capture(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);

    /// Reads a file of nfdump's (`read_nfdump`).
    [[nodiscard]] Result<void> read_nfdump_file(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);

    /// Reads a log of flows (`read_eve`, `read_vpc`, `read_azure`, `read_gcp`).
    [[nodiscard]] Result<void> read_eve_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);
    [[nodiscard]] Result<void> read_vpc_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);
    [[nodiscard]] Result<void> read_azure_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);
    [[nodiscard]] Result<void> read_gcp_log(ByteSource& bytes, const std::stop_token& stop, ReadReport& report);

    /// One message, as `ExportDecoder::feed`.
    void feed(const net::Endpoint& exporter, Time observed_at, std::span<const std::byte> message, std::uint64_t offset, ReadReport& report);

    /// Gets flows, which it may move from, `Flow::observer` counting in `names`.
    using Give = std::function<void(std::span<Flow>, std::span<const std::string> names)>;
    /// Gives the flows so far, by `take` of `ExportFlows`, and returns the exporters' names. Once, last.
    std::vector<std::string> take(ReadReport& report, const Give& give);
    /// Gives those that nothing will be added to, by `take_settled` of `ExportFlows`; as often as wanted.
    void take_settled(ReadReport& report, const Give& give);
    [[nodiscard]] std::size_t held() const { return flows_.held(); }  ///< Records.

private:
    [[nodiscard]] std::vector<std::string> exporter_names() const;
    [[nodiscard]] std::vector<std::uint32_t> exporter_rates() const;  ///< That options told.
    /// Takes records of a log, whose observer is the log itself.
    void take_record(const ExportRecord& record);

    ExportDecoder decoder_;
    ExportFlows flows_;
    std::vector<ExportRecord> batch_;
};

/// Whether a capture's first bytes show that it was made of exports: a fifth of its first frames at least hold export
/// messages that are whole and well formed. In a capture of other traffic they would be anybody's word.
[[nodiscard]] bool holds_exports(std::span<const std::byte> capture_head);

}  // namespace hw::flow::read
