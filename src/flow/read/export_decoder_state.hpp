#pragma once

// The decoder's state: for the decoder's own files only.
#include "flow/read/export_decoder.hpp"
#include "flow/read/export_sample.hpp"
#include "flow/read/export_template.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hw::flow::read {
// The parts of the decoder's state: not in a namespace without a name, as their owner is not.
namespace export_detail {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kFixedHeader = 24;  // NetFlow v5 and v7
constexpr std::size_t kV5Record = 48;
constexpr std::size_t kV7Record = 52;
constexpr std::size_t kV9Header = 20;
constexpr std::size_t kIpfixHeader = 16;
constexpr std::uint16_t kFirstDataSet = 256;
constexpr std::size_t kLongestPadding = 7;

enum class Version : std::uint16_t { sflow = 0, v5 = 5, v7 = 7, v9 = 9, ipfix = 10 };

/// Whose templates and numbers.
struct ScopeKey {
    net::Address address;
    std::uint32_t domain = 0;
    std::uint16_t port = 0;
    Version version{};
    friend auto operator<=>(const ScopeKey&, const ScopeKey&) = default;
};

struct Template {
    ExportProgram program;
    std::optional<ExportProgram> before;  ///< What it was until just now: datagrams may overtake each other.
};

/// A data set whose template has not come.
struct Waiting {
    std::uint16_t id = 0;
    ExportClock clock;
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
};

struct Scope {
    std::uint32_t exporter = 0;
    Time heard;
    std::unordered_map<std::uint16_t, Template> templates;  // by 16 bits: nothing that could be flooded
    std::vector<Waiting> waiting;
    std::size_t waiting_bytes = 0;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> rates;  ///< By sampler.
    std::uint32_t rate = 0;                                      ///< Told without a sampler, or by the only one.
    std::uint64_t boot_millis = 0;
    std::uint32_t sequence = 0;  ///< Expected next.
    std::uint32_t number = 0;    ///< IPFIX: of the last message, whose records and options records were these.
    std::uint32_t records = 0;
    std::uint32_t options = 0;
    bool sequence_known = false;
};

}  // namespace export_detail

struct ExportDecoder::State {
    using Bytes = export_detail::Bytes;
    using Scope = export_detail::Scope;

    explicit State(const ExportLimits& given) : limits(given) {}

    Scope* scope_of(const export_detail::ScopeKey& key, Time now, std::uint64_t offset, ReadReport& report);
    void forget(std::map<export_detail::ScopeKey, Scope>::iterator scope, ReadReport& report);
    void drop_template(Scope& scope, std::uint16_t id);

    void fixed(Bytes message, const export_detail::ScopeKey& sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);
    void v9(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);
    void ipfix(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);

    void sequence(Scope& scope, std::uint32_t number, std::uint32_t step, std::string_view reason, std::uint64_t offset, ReadReport& report);
    void sflow(Bytes message, export_detail::ScopeKey sender, Time now, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);
    /// A record whose template holds the first bytes of a packet instead of addresses (IPFIX 313 and 315).
    bool sampled(const ExportProgram& program, Bytes record, const ExportClock& clock, std::uint64_t offset, ReadReport& report, ExportRecord& out);
    void number_of(Scope& scope, std::uint32_t number, std::optional<std::uint32_t> count, std::uint64_t offset, ReadReport& report);
    void templates(Scope& scope, Bytes set, bool options, bool ipfix_form, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);
    void define(Scope& scope, std::uint16_t id, ExportProgram program, std::uint64_t offset, ReadReport& report, std::vector<ExportRecord>& out);
    /// Decodes a data set and gives the number of its records; nothing where its template is not known.
    std::optional<std::uint32_t> data(Scope& scope, std::uint16_t id, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report,
                                      std::vector<ExportRecord>& out);
    std::uint32_t records(Scope& scope, const ExportProgram& program, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report,
                          std::vector<ExportRecord>& out);
    void learn(Scope& scope, const ExportProgram& program);
    void wait(Scope& scope, std::uint16_t id, Bytes set, const ExportClock& clock, std::uint64_t offset, ReadReport& report);

    ExportLimits limits;
    std::map<export_detail::ScopeKey, Scope> scopes;  // ordered: senders choose the keys
    std::map<net::Address, std::uint32_t> exporter_index;
    std::vector<net::Address> exporter_list;
    std::vector<std::uint32_t> exporter_rates;
    /// What is held of one exporter.
    struct Held {
        std::size_t scopes = 0;
        std::size_t templates = 0;
        std::size_t template_bytes = 0;
        std::size_t waiting_bytes = 0;
    };
    std::vector<Held> held;  ///< By exporter.
    std::size_t template_count = 0;
    std::size_t template_bytes = 0;
    std::size_t waiting_bytes = 0;
    export_detail::ScopeKey last_key;
    Time none_idle_before;  ///< Where all scopes are in use: before this moment none can have become idle.
    Scope* last_scope = nullptr;
    std::uint32_t options_seen = 0;  ///< In this message.
    PacketSampler sampler;
    ExportValues values;
    std::vector<ExportField> fields;
};

}  // namespace hw::flow::read
