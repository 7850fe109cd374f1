#pragma once

#include "flow/read/export_record.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::read {

/// A value of a record that means something to us. Several information elements may feed one slot; the first of them in a
/// template does (RFC 7011, 8: the outermost comes first).
enum class ExportSlot : std::uint8_t {
    none,
    source_v4, destination_v4, source_high, source_low, destination_high, destination_low,
    source_port, destination_port, protocol, tcp_flags, packets, bytes, total_packets, total_bytes, out_packets, out_bytes,
    layer2_bytes, reverse_packets, reverse_bytes, reverse_total_packets, reverse_total_bytes, reverse_tcp_flags,
    first_uptime, last_uptime, first_seconds, last_seconds, first_millis, last_millis, first_micros, last_micros, first_nanos,
    last_nanos, first_delta, last_delta, duration_millis, duration_micros, observed_seconds, observed_millis, observed_micros,
    observed_nanos, boot_millis, end_reason, ttl, ttl_min, ttl_max, icmp_type_code, icmp6_type_code, icmp_type, direction,
    biflow_direction, initiator_bytes, responder_bytes, initiator_packets, responder_packets, first_flags, rest_flags,
    reverse_first_flags, reverse_rest_flags, original_flows,
    sampler, sampling_interval, sampling_packets, sampling_space, sampling_size, sampling_population, sampling_probability,
    frame, ip_packet, frame_size,  // begin and size of bytes inside the record
    slot_count
};
inline constexpr std::size_t kExportSlots = static_cast<std::size_t>(ExportSlot::slot_count);

/// One field of a template as the exporter sent it.
struct ExportField {
    std::uint16_t id = 0;
    std::uint16_t length = 0;  ///< 65535: each value carries its own length (RFC 7011, 7).
    std::uint32_t enterprise = 0;
};
inline constexpr std::uint16_t kVariableLength = 0xffff;

/// The values of one record, by slot.
struct ExportValues {
    std::array<std::uint64_t, kExportSlots> at{};
    [[nodiscard]] std::uint64_t operator[](ExportSlot slot) const { return at[static_cast<std::size_t>(slot)]; }
};

/// A template made into the few moves that take a record apart: where which number lies, and how long it is.
class ExportProgram {
public:
    /// `scope_fields`: so many fields at the front say what an options record is about; those of NetFlow v9 have numbers of
    /// their own and are passed over (`opaque_scope`).
    [[nodiscard]] static ExportProgram compile(std::span<const ExportField> fields, std::size_t scope_fields, bool opaque_scope);

    [[nodiscard]] bool options() const { return options_; }
    [[nodiscard]] bool fixed() const { return !variable_; }
    /// Bytes of a record; of the shortest one where fields are of variable length. 0: a template that cannot be.
    [[nodiscard]] std::size_t length() const { return length_; }
    [[nodiscard]] bool has(ExportSlot slot) const { return has_[static_cast<std::size_t>(slot)]; }
    /// Memory it holds, about.
    [[nodiscard]] std::size_t footprint() const;

    /// Takes the values of the record at the front of `bytes` into `values` and gives the record's size; nothing where the
    /// record does not fit into the bytes. Slots that the template lacks are left alone.
    [[nodiscard]] std::optional<std::size_t> read(std::span<const std::byte> bytes, ExportValues& values) const;

    friend bool operator==(const ExportProgram&, const ExportProgram&) = default;

private:
    struct Move {
        std::uint16_t offset = 0;
        std::uint16_t length = 0;  ///< Of the number, 1–8; of `frame` and `ip_packet` any.
        ExportSlot slot = ExportSlot::none;
        friend bool operator==(const Move&, const Move&) = default;
    };
    void add(const ExportField& field, ExportSlot slot, std::uint64_t offset);

    std::vector<Move> moves_;
    std::vector<Move> walk_;  ///< Where lengths vary: every field; `length` as sent.
    std::bitset<kExportSlots> has_;
    std::size_t length_ = 0;
    bool options_ = false;
    bool variable_ = false;
};

/// The big-endian number of 1–8 bytes.
[[nodiscard]] inline std::uint64_t export_number(std::span<const std::byte> bytes) {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint64_t>(bytes[i]); };
    switch (bytes.size()) {
        case 1: return at(0);
        case 2: return (at(0) << 8U) | at(1);
        case 4: return (at(0) << 24U) | (at(1) << 16U) | (at(2) << 8U) | at(3);
        case 8:
            return (at(0) << 56U) | (at(1) << 48U) | (at(2) << 40U) | (at(3) << 32U) | (at(4) << 24U) | (at(5) << 16U) | (at(6) << 8U) | at(7);
        default: {
            std::uint64_t value = 0;
            for (const std::byte b : bytes) { value = (value << 8U) | std::to_integer<std::uint64_t>(b); }
            return value;
        }
    }
}

/// When a message was made, by its header, and by the exporter's clock since it started.
struct ExportClock {
    Time exported;
    std::uint32_t uptime_millis = 0;
    bool uptime_known = false;
    std::uint64_t boot_millis = 0;  ///< systemInitTimeMilliseconds (IPFIX 160); 0 where not said.
};

/// Why a record says nothing of a flow, or nothing.
enum class ExportFault : std::uint8_t { none, no_address, no_counts, aggregated };

/// A record's values as a flow record; `exporter` and `sampling` (but for a rate in the record itself) are the caller's.
[[nodiscard]] ExportFault make_export_record(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, ExportRecord& out);

/// Only the begin and end, by whatever the record says of them.
void export_times(const ExportProgram& program, const ExportValues& values, const ExportClock& clock, ExportRecord& out);

/// The sampling rate that the values tell of: one packet in so many; 0: they tell of none.
[[nodiscard]] std::uint32_t export_sampling(const ExportProgram& program, const ExportValues& values);

}  // namespace hw::flow::read
