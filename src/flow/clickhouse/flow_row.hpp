#pragma once

#include "flow/clickhouse/row_binary.hpp"
#include "flow/flow.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hw::flow::clickhouse {

/// One row of the table `flows`: a flow, and where it came from.
struct FlowRow {
    std::uint64_t batch = 0;  ///< The import that wrote it.
    std::uint32_t row = 0;    ///< Its place in that import; with `batch` unique.
    std::string observer;
    Flow flow;                ///< `flow.observer` is not kept: the name is.
};

/// The columns of `flows` in the order in which rows hold them, `name Type`, separated by `, `. Types that ClickHouse 18.16 has.
[[nodiscard]] std::string_view flow_columns();
/// The names alone, as a SELECT or INSERT lists them.
[[nodiscard]] std::string flow_column_names();

/// Days since the epoch of the moment `time`: the partition (`day`) that a flow ending then lies in; moments outside what
/// ClickHouse's Date holds (1970 to 2149) go to its first and last day.
[[nodiscard]] std::uint16_t day_of(Time time);

/// Appends one row.
void write_flow_row(RowWriter& out, const Flow& flow, std::string_view observer, std::uint64_t batch, std::uint32_t row);
/// Reads one. Fails (`malformed`) when the bytes are no such row: another version's table, or a server that went wrong.
[[nodiscard]] Result<FlowRow> read_flow_row(RowReader& in);

}  // namespace hw::flow::clickhouse
