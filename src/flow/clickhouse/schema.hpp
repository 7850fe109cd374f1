#pragma once

#include "flow/clickhouse/http.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::flow::clickhouse {

/// Version of the tables' layout, kept in the comment table `headwater_format`; a database of another version is refused.
inline constexpr std::uint32_t kLayoutVersion = 1;

/// The statements that make Headwater's tables in `database`, each harmless where its table exists already.
///
/// `flows` is a MergeTree a partition a day, ordered by (client, last); the materialised view `flows_to_server` copies each
/// row to `flows_by_server`, ordered by (server, last), so that look-ups of either role read neighbouring rows. `imports`, `days`,
/// `observers` and `coverage` say what was imported and which partitions a window touches. With a cluster each of these names is a
/// `Distributed` table over `NAME_local` tables, rows spread by the flow's id. `modern` servers (19.17 and later, with column
/// codecs) also compress by Delta, T64 and ZSTD.
[[nodiscard]] std::vector<std::string> create_statements(const std::string& database, const std::string& cluster, bool modern);

/// Makes the tables at every host of the URL. With a cluster and one host alone, the other shards must have the `_local` tables
/// already or be made by naming all hosts once. Fails when the database does not exist, or holds another layout version.
[[nodiscard]] Result<void> create_tables(const Http& http);

/// Fails with `not_found` when the tables are not there, `unsupported` when another layout version made them.
[[nodiscard]] Result<void> check_tables(const Http& http);

}  // namespace hw::flow::clickhouse
