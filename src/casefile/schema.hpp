#pragma once

#include "casefile/database.hpp"

namespace hw::casefile {

/// What SQLite files of ours are known by (`file`, PRAGMA application_id): the letters HWca.
inline constexpr std::int64_t kApplicationId = 0x48576361;
/// The schema that this program writes. 1: the log and where objects stand in it; 2: look-up by id, and views for people.
inline constexpr std::int64_t kSchemaVersion = 2;

/// Makes the tables of the present schema in an empty file.
[[nodiscard]] Result<void> make_schema(Database& database);
/// Fails with `malformed` where the file is not a case or holds tables that no case has, with `unsupported` where a later version made it.
/// An older schema is brought up to date where `access` allows writing.
[[nodiscard]] Result<void> check_schema(Database& database, Access access);

}  // namespace hw::casefile
