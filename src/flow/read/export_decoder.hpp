#pragma once

#include "flow/read/export_record.hpp"
#include "flow/read/report.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::read {

/// What an `ExportDecoder` may hold, whatever exporters send; past a limit it refuses and counts. With the defaults it stays
/// below 96 MiB: 32 of templates, 16 of data that wait for theirs, the rest of scopes and rates.
struct ExportLimits {
    std::size_t exporters = 65'000;           ///< Addresses.
    std::size_t scopes = 8192;                ///< Of (address, port, domain, version), each with its templates.
    std::size_t templates = 65'536;           ///< In all.
    std::size_t scope_templates = 2048;       ///< Of one scope.
    std::size_t fields = 1024;                ///< Of one template.
    std::size_t template_bytes = 32U << 20U;  ///< In all.
    std::size_t waiting_bytes = 16U << 20U;   ///< Of data sets that came before their template, in all.
    std::size_t scope_waiting = 256U << 10U;  ///< Of one scope.
    // Of one exporter, whatever ports and domains it sends from; by default no less than of all. At its limit of scopes it loses its own oldest one.
    std::size_t exporter_scopes = 8192;
    std::size_t exporter_templates = 65'536;
    std::size_t exporter_template_bytes = 32U << 20U;
    std::size_t exporter_waiting = 16U << 20U;
    std::size_t scope_rates = 256;            ///< Samplers that one scope tells of.
    Duration idle = std::chrono::minutes(30); ///< A scope unheard of for so long makes room for another.
};

/// What the data sets of one number hold, as far as the decoder knows their template.
enum class ExportSetKind : std::uint8_t { unknown, flows, options };

/// Decodes the messages of NetFlow v5, v7 and v9, of IPFIX (RFC 3954; RFC 7011, 5103, 6313 passed over by length) and of sFlow v5
/// from any number of exporters, one datagram a call. Knows nothing of files and sockets. Templates are held for each source address,
/// port, observation domain and version; data that come before their template wait for it, up to a limit, and are decoded
/// when it comes. Memory is bounded by `ExportLimits`; a record costs no allocation.
class ExportDecoder {
public:
    explicit ExportDecoder(const ExportLimits& limits = {});
    ~ExportDecoder();
    ExportDecoder(ExportDecoder&&) noexcept;
    ExportDecoder& operator=(ExportDecoder&&) noexcept;

    /// Appends the flow records of one message to `out` (and those of earlier data for which it brings the template).
    /// `observed_at` is when it came: for sFlow, which has no time of its own, that of its packets; else it only serves to
    /// forget scopes long unheard of. `offset` is where the message lies in
    /// the input, for the report, which gets `records` and what is passed over, by reason; records that never came, by the
    /// gaps in sequence numbers, are counted there too.
    void feed(const net::Endpoint& exporter, Time observed_at, std::span<const std::byte> message, std::uint64_t offset, ReadReport& report,
              std::vector<ExportRecord>& out);

    /// Counts what still waits for its template, and gives it up. At the end of the input.
    void finish(ReadReport& report);

    /// The exporters' addresses, in the order in which they were first heard; `ExportRecord::exporter` counts in it. One machine
    /// is one exporter whatever ports and domains it sends from: line cards share its conversations. sFlow's is the agent.
    [[nodiscard]] std::span<const net::Address> exporters() const;

    /// The place of an address among the exporters, taken up where it is new; past the limit that of the last.
    [[nodiscard]] std::uint32_t exporter_of(const net::Address& address);

    /// Templates held of each exporter, as `exporters()` counts them.
    [[nodiscard]] std::vector<std::uint64_t> template_counts() const;

    /// What the decoder now takes data sets of this number for; `version` 9 or 10.
    [[nodiscard]] ExportSetKind set_kind(const net::Endpoint& exporter, std::uint16_t version, std::uint32_t domain, std::uint16_t id) const;

    /// The rate that this exporter has told last, for all its packets or by its only sampler; 0: none.
    [[nodiscard]] std::uint32_t sampling_of(std::uint32_t exporter) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hw::flow::read
