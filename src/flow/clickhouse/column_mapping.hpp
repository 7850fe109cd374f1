#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/address.hpp"
#include "net/prefix.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::flow::clickhouse {

/// What a column of a table that others made can tell of a flow record (one direction of a conversation).
enum class Told : std::uint8_t {
    time,         ///< When the record was received or written: what the table is partitioned or ordered by.
    first,        ///< Its first packet; where no column tells, as `last`.
    last,         ///< Its last packet; where no column tells, as `time`.
    source, destination, source_port, destination_port, protocol, packets, bytes, tcp_flags,
    sampling,     ///< One packet in so many was counted; counts are of those.
    exporter,     ///< Who saw it: an address or a name.
};
inline constexpr std::size_t kTold = 13;

/// The columns of a table of flow records that others made, by what they tell.
struct ColumnMapping {
    std::string name;   ///< What it is called in addresses (`?columns=NAME`), and what its observers' names begin with.
    std::string table;
    std::array<std::string, kTold> columns;  ///< By `Told`; empty: there is none.
    std::string time_unit = "s";             ///< Of times that are whole numbers: `s`, `ms`, `us` or `ns`.

    [[nodiscard]] const std::string& column(Told what) const { return columns[static_cast<std::size_t>(what)]; }
    /// Sets what a configuration calls `key`: `table`, `time_unit`, or a column (`time`, `source_port`, ...). Fails (`usage`) where there
    /// is no such key, or the name cannot be that of a column.
    [[nodiscard]] Result<void> set(std::string_view key, std::string_view value);
    /// Fails (`usage`) where what no table can do without is not set: `table`, `time`, `source`, `destination`, `protocol`, and `packets` or `bytes`.
    [[nodiscard]] Result<void> check() const;
    friend bool operator==(const ColumnMapping&, const ColumnMapping&) = default;
};

/// The keys that `ColumnMapping::set` takes.
[[nodiscard]] std::span<const std::string_view> mapping_keys();
/// The mapping for the table `flows` of Akvorado (its `SrcAddr`, `TimeReceived`, `SamplingRate`, ...), which is there without configuration.
[[nodiscard]] ColumnMapping akvorado_mapping();

/// A column's type, as far as its values can be used: `Nullable` and `LowCardinality` around it are taken off.
struct ColumnType {
    enum class Kind : std::uint8_t { other, date_time, date_time64, integer, ipv4, ipv6, bytes16, text };
    Kind kind = Kind::other;
    bool nullable = false;
    bool holds_ipv4 = false;  ///< An integer as wide as an IPv4 address, and without a sign.
    [[nodiscard]] static ColumnType of(std::string_view text);
    friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

/// The parts of queries for such a table. Every name is quoted, every value a number or a literal of our making.
class MappedTable {
public:
    /// `types`: the table's columns and their types, as `system.columns` has them. Fails (`not_found`, `unsupported`) where a column of the
    /// mapping is not among them, or is of a type that cannot tell this.
    [[nodiscard]] static Result<MappedTable> make(ColumnMapping mapping, std::string_view database, std::span<const std::pair<std::string, std::string>> types);

    [[nodiscard]] const ColumnMapping& mapping() const { return mapping_; }
    /// `database.table`, quoted.
    [[nodiscard]] const std::string& from() const { return from_; }
    /// What is read of a row: time, first, last (Int64 microseconds), source, destination (as `kind_of` says), ports (UInt16), protocol (UInt8),
    /// packets, bytes (UInt64), flags (UInt8), sampling (UInt32), exporter (String).
    [[nodiscard]] const std::string& row() const { return row_; }
    /// Microseconds of the row's `first`, `last` or `time`.
    [[nodiscard]] std::string micros(Told what) const;
    /// The exporter as text; `''` where no column tells.
    [[nodiscard]] std::string exporter() const;
    /// Rows of which `time` lies in the interval, widened to whole units; in terms of the bare column, so that partitions are left out.
    [[nodiscard]] std::string in_time(Interval interval) const;
    /// Rows with this address as their source or destination.
    [[nodiscard]] std::string of_host(const net::Address& host) const;
    /// Rows whose `what` (source or destination) lies in the prefix; nothing where addresses are text, which has no order.
    [[nodiscard]] std::optional<std::string> in_prefix(Told what, const net::Prefix& prefix) const;
    [[nodiscard]] ColumnType::Kind kind_of(Told what) const { return types_[static_cast<std::size_t>(what)].kind; }
    [[nodiscard]] bool has(Told what) const { return !mapping_.column(what).empty(); }
    /// Whether addresses are there (` AND isNotNull(...)`), or empty.
    [[nodiscard]] std::string complete() const;

private:
    [[nodiscard]] std::string name(Told what) const;
    [[nodiscard]] std::string value(Told what) const;
    [[nodiscard]] std::string number(Told what, std::string_view type) const;
    [[nodiscard]] std::string moment(Told what) const;
    [[nodiscard]] std::string equals(Told what, const net::Address& host) const;
    ColumnMapping mapping_;
    std::array<ColumnType, kTold> types_;
    std::string from_;
    std::string row_;
};

}  // namespace hw::flow::clickhouse
