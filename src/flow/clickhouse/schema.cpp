#include "flow/clickhouse/schema.hpp"

#include "base/parse.hpp"
#include "base/text.hpp"
#include "flow/clickhouse/flow_row.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace hw::flow::clickhouse {
namespace {
namespace schema_detail {

struct Table {
    std::string_view name;
    std::string columns;
    std::string_view engine;  ///< Of the table that holds the rows.
    std::string_view shard;   ///< Which shard a row goes to.
};

/// Columns with the codecs that suit them: times and ids by Delta, counts by T64.
std::string with_codecs(std::string_view columns) {
    std::string out;
    for (std::string_view rest = columns; !rest.empty();) {
        const auto end = std::min(rest.find(", "), rest.size());
        const std::string_view column = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 2, rest.size()));
        out += (out.empty() ? "" : ", ") + std::string(column);
        if (column.starts_with("first ") || column.starts_with("last ")) { out += " CODEC(Delta(8), ZSTD(1))"; }
        else if (column.ends_with(" String") || column.ends_with("FixedString(16)")) { out += " CODEC(ZSTD(1))"; }
        else if (column.ends_with("_packets UInt64") || column.ends_with("_bytes UInt64") || column.ends_with("_payload UInt64")) { out += " CODEC(T64, ZSTD(1))"; }
    }
    return out;
}

std::vector<Table> tables(bool modern) {
    const std::string flows = modern ? with_codecs(flow_columns()) : std::string(flow_columns());
    return {
        {"headwater_format", "version UInt32, day Date", "MergeTree PARTITION BY tuple() ORDER BY version", "version"},
        {"imports", "day Date, batch UInt64, state UInt8, at Int64, sha256 String, path String, format String, note String, records UInt64, flows UInt64",
         "MergeTree PARTITION BY tuple() ORDER BY batch", "batch"},
        {"days", "day Date, batch UInt64, flows UInt64, min_first Int64, max_last Int64, max_duration Int64", "MergeTree PARTITION BY tuple() ORDER BY (day, batch)", "batch"},
        {"observers", "day Date, batch UInt64, name String, from Int64, until Int64", "MergeTree PARTITION BY tuple() ORDER BY (batch, name)", "batch"},
        {"coverage", "day Date, batch UInt64, address FixedString(16), observer String, from Int64, until Int64, basis UInt8",
         "MergeTree PARTITION BY tuple() ORDER BY (batch, address)", "batch"},
        {"flows", flows, "MergeTree PARTITION BY day ORDER BY (client, last)", "id"},
        {"flows_by_server", flows, "MergeTree PARTITION BY day ORDER BY (server, last)", "id"},
    };
}

}  // namespace schema_detail
}  // namespace

std::vector<std::string> create_statements(const std::string& database, const std::string& cluster, bool modern) {
    std::vector<std::string> out;
    const std::string suffix = cluster.empty() ? "" : "_local";
    for (const auto& table : schema_detail::tables(modern)) {
        out.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {}.{}{} ({}) ENGINE = {}", database, table.name, suffix, table.columns, table.engine));
        if (cluster.empty()) { continue; }
        out.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {0}.{1} ({2}) ENGINE = Distributed({3}, {0}, {1}{4}, {5})", database, table.name, table.columns, cluster, suffix,
                                  table.shard));
    }
    out.push_back(fmt::format("CREATE MATERIALIZED VIEW IF NOT EXISTS {0}.flows_to_server TO {0}.flows_by_server{1} AS SELECT * FROM {0}.flows{1}", database, suffix));
    return out;
}

Result<void> check_tables(const Http& http) {
    HW_TRY(const auto answer, http.read("SELECT DISTINCT version FROM " + http.url().database + ".headwater_format ORDER BY version FORMAT TSV"));
    if (answer == std::to_string(kLayoutVersion) + "\n") { return {}; }
    const std::string found = answer.empty() ? "none" : printable(answer.substr(0, answer.size() - 1));
    return fail(Errc::unsupported, "the database's tables have layout version " + found + ", this Headwater knows version " + std::to_string(kLayoutVersion), to_string(http.url()),
                "use a Headwater as young as the one that made them, or another database");
}

Result<void> create_tables(const Http& http) {
    HW_TRY(const auto version, http.read("SELECT version() FORMAT TSV"));
    const auto major = parse_integer<unsigned>(std::string_view(version).substr(0, version.find('.')));
    const std::string& database = http.url().database;
    for (const auto& statement : create_statements(database, http.url().cluster, major.value_or(0) >= 20)) {
        for (std::size_t host = 0; host < http.url().hosts.size(); ++host) { HW_CHECK(http.write(statement, {}, host)); }
    }
    HW_TRY(const auto known, http.read("SELECT count() FROM " + database + ".headwater_format FORMAT TSV"));
    if (known == "0\n") {
        RowWriter row;
        row.integer(kLayoutVersion).integer(std::uint16_t{0});
        HW_CHECK(http.write("INSERT INTO " + database + ".headwater_format (version, day) FORMAT RowBinary", row.bytes()));
    }
    return check_tables(http);
}

}  // namespace hw::flow::clickhouse
