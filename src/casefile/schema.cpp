#include "casefile/schema.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace hw::casefile {
namespace {
namespace schemas {

/// One thing of the schema, by its name, as sqlite_schema keeps its words, and the version that brought it.
struct Part {
    std::int64_t since;
    std::string_view name;
    std::string_view sql;
};

// `log` is all that a case is; `object` says where each object's last word stands, and follows from it. The views are for people
// with the sqlite3 program: Headwater itself reads none of them.
constexpr std::array kParts{
    Part{1, "log", "CREATE TABLE log(seq INTEGER PRIMARY KEY, entry TEXT NOT NULL, hash BLOB NOT NULL) STRICT"},
    Part{1, "seal", "CREATE TABLE seal(seq INTEGER PRIMARY KEY, key BLOB NOT NULL, signature BLOB NOT NULL) STRICT"},
    Part{1, "object", "CREATE TABLE object(kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, first INTEGER NOT NULL, retracted INTEGER NOT NULL, PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID"},
    Part{2, "object_by_id", "CREATE INDEX object_by_id ON object(id)"},
    Part{2, "objects", "CREATE VIEW objects AS SELECT o.kind, o.id, json_extract(l.entry, '$.time') AS time, json_extract(l.entry, '$.tlp') AS tlp, json_extract(l.entry, '$.body') AS body, o.seq, o.retracted "
                       "FROM object o JOIN log l ON l.seq = o.seq"},
    Part{2, "items", "CREATE VIEW items AS SELECT id, json_extract(body, '$.kind') AS kind, json_extract(body, '$.who') AS who, json_extract(body, '$.words') AS words, json_extract(body, '$.grade') AS grade, tlp "
                     "FROM objects WHERE kind = 'item' AND NOT retracted"},
};

Result<void> foreign(const Database& database) {
    return fail(Errc::malformed, "an SQLite file, but no case file of Headwater's", database.path(), "'headwater case new FILE' makes one");
}

/// Adds what versions after `from` brought.
Result<void> bring_up(Database& database, std::int64_t from) {
    for (const Part& part : kParts) {
        if (part.since > from) { HW_CHECK(database.execute(std::string(part.sql).c_str())); }
    }
    return database.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str());
}

/// Whether the tables are those of a case of `version`, by their very words.
Result<bool> is_ours(Database& database, std::int64_t version) {
    std::map<std::string, std::string, std::less<>> found;
    HW_TRY(auto rows, database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"));
    while (true) {
        HW_TRY(const bool more, rows.step());
        if (!more) { break; }
        found.emplace(rows.text(0), rows.text(1));
    }
    std::size_t expected = 0;
    for (const Part& part : kParts) {
        if (part.since > version) { continue; }
        ++expected;
        const auto at = found.find(part.name);
        if (at == found.end() || at->second != part.sql) { return false; }
    }
    return found.size() == expected;
}

}  // namespace schemas
}  // namespace

Result<void> make_schema(Database& database) {
    using namespace schemas;
    HW_CHECK(bring_up(database, 0));
    return database.execute(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
}

Result<void> check_schema(Database& database, Access access) {
    using namespace schemas;
    HW_TRY(const auto application, database.number("PRAGMA application_id"));
    if (application != kApplicationId) { return foreign(database); }
    HW_TRY(const auto version, database.number("PRAGMA user_version"));
    if (version > kSchemaVersion) {
        return fail(Errc::unsupported, fmt::format("a case file of schema {}; this program knows them up to {}", version, kSchemaVersion), database.path(), "use a newer Headwater");
    }
    if (version < 1) { return foreign(database); }
    HW_TRY(const bool ours, is_ours(database, version));
    if (!ours) { return fail(Errc::malformed, "the case file's tables are not those that Headwater makes", database.path(), "somebody changed them; go on from a copy that nobody changed"); }
    if (version == kSchemaVersion || access == Access::read) { return {}; }
    HW_TRY(auto transaction, Transaction::begin(database));
    HW_CHECK(bring_up(database, version));
    return transaction.commit();
}

}  // namespace hw::casefile
