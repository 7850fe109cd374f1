#include "casefile/database.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <utility>

namespace hw::casefile {
namespace {
namespace sqlite {

/// How long a writer waits for another.
constexpr int kPatienceMs = 10'000;
/// No value of a case is larger; what claims to be is damage or malice.
constexpr int kLargestValue = 64 << 20;
constexpr int kLongestSql = 100'000;

Error error_of(sqlite3* database, int code, const std::string& where) {
    const std::string told = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
    switch (code & 0xFF) {
        case SQLITE_NOTADB: return {Errc::malformed, "not a case file", where, "'headwater case new FILE' makes one"};
        case SQLITE_CORRUPT: return {Errc::malformed, "the case file is damaged: " + told, where, "keep this file; go on from a copy, and compare its head with one that was told to somebody"};
        case SQLITE_FULL: return {Errc::unreadable, "the disk is full", where, "make room; nothing that was acknowledged is lost, and this was not written"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {Errc::limit, "another program is writing to the case file", where, "try again when it is done; this was not written"};
        case SQLITE_READONLY: return {Errc::unreadable, "the case file cannot be written", where, "check the permissions of the file and of its folder"};
        case SQLITE_CANTOPEN: return {Errc::unreadable, "the case file cannot be opened", where, "check the permissions of the file and of its folder"};
        case SQLITE_IOERR: return {Errc::unreadable, "the case file cannot be read or written: " + told, where, "check the disk; nothing that was acknowledged is lost, and this was not written"};
        case SQLITE_TOOBIG: return {Errc::limit, "a value of the case file is larger than is read", where, {}};
        case SQLITE_NOMEM: return {Errc::limit, "not enough memory for the case file", where, {}};
        default: return {Errc::internal, "SQLite: " + told, where, {}};
    }
}

/// A name by which SQLite reads a file and nothing beside it (https://www.sqlite.org/uri.html).
std::string immutable_uri(const std::string& path) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        if (c != '%' && c != '?' && c != '#') { uri += c; continue; }
        const auto byte = static_cast<unsigned char>(c);
        ((uri += '%') += kDigits[byte >> 4U]) += kDigits[byte & 15U];
    }
    return uri + "?immutable=1";
}

}  // namespace sqlite
}  // namespace

Statement::Statement(sqlite3* database, sqlite3_stmt* statement, std::string where) : database_(database), statement_(statement), where_(std::move(where)) {}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Statement& Statement::bind(int at, std::int64_t number) {
    if (const int code = sqlite3_bind_int64(statement_.get(), at + 1, number); code != SQLITE_OK) { bound_ = code; }
    return *this;
}
Statement& Statement::bind(int at, std::string_view text) {
    const char* start = text.data() == nullptr ? "" : text.data();  // a null pointer would be taken for NULL
    if (const int code = sqlite3_bind_text64(statement_.get(), at + 1, start, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8); code != SQLITE_OK) { bound_ = code; }
    return *this;
}
Statement& Statement::bind(int at, std::span<const std::uint8_t> bytes) {
    if (const int code = sqlite3_bind_blob64(statement_.get(), at + 1, bytes.data(), bytes.size(), SQLITE_TRANSIENT); code != SQLITE_OK) { bound_ = code; }
    return *this;
}

Result<bool> Statement::step() {
    if (const int failed = std::exchange(bound_, 0); failed != 0) { return std::unexpected(sqlite::error_of(database_, failed, where_)); }
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) { return true; }
    if (code == SQLITE_DONE) { return false; }
    return std::unexpected(sqlite::error_of(database_, code, where_));
}

Result<void> Statement::run() {
    while (true) {
        auto more = step();
        if (!more) {
            reset();
            return std::unexpected(std::move(more).error());
        }
        if (!*more) { break; }
    }
    reset();
    return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::text(int column) const {
    const std::span<const std::uint8_t> found = bytes(column);
    return {static_cast<const char*>(static_cast<const void*>(found.data())), found.size()};
}

std::span<const std::uint8_t> Statement::bytes(int column) const {
    const void* start = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (start == nullptr || size <= 0) { return {}; }
    return {static_cast<const std::uint8_t*>(start), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::string& path, Access access) {
    auto database = open_by(path, path, access);
    if (!database || access != Access::read) { return database; }
    // Even a reader of a WAL file writes beside it; where it may not, and no other has anything waiting there, the file is read as it lies.
    const auto read = database->number("PRAGMA schema_version");
    std::error_code problem;
    const auto waiting = std::filesystem::file_size(path + "-wal", problem);
    if (read || read.error().code != Errc::unreadable || (!problem && waiting > 0)) { return database; }
    return open_by(path, sqlite::immutable_uri(path), access);
}

Result<Database> Database::open_by(const std::string& path, const std::string& name, Access access) {
    sqlite3* opened = nullptr;
    const int flags = access == Access::read ? SQLITE_OPEN_READONLY : access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int code = sqlite3_open_v2(name.c_str(), &opened, flags | (name == path ? 0 : SQLITE_OPEN_URI), nullptr);
    Database database(path, opened);
    if (code != SQLITE_OK) { return std::unexpected(sqlite::error_of(opened, code, path)); }
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, sqlite::kPatienceMs);
    // A file from a stranger: its schema must not run anything, its pages are not believed.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);        // NOLINT(cppcoreguidelines-pro-type-vararg): SQLite has no other
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);   // NOLINT(cppcoreguidelines-pro-type-vararg)
    sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);   // NOLINT(cppcoreguidelines-pro-type-vararg)
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, sqlite::kLargestValue);
    sqlite3_limit(opened, SQLITE_LIMIT_SQL_LENGTH, sqlite::kLongestSql);
    HW_CHECK(database.execute("PRAGMA cell_size_check = ON"));
    return database;
}

Result<void> Database::execute(const char* sql) {
    if (const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) { return std::unexpected(sqlite::error_of(database_.get(), code, path_)); }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &made, nullptr);
    if (code != SQLITE_OK) { return std::unexpected(sqlite::error_of(database_.get(), code, path_)); }
    return Statement(database_.get(), made, path_);
}

Result<std::int64_t> Database::number(std::string_view sql) {
    HW_TRY(auto statement, prepare(sql));
    HW_TRY(const bool there, statement.step());
    return there ? statement.number(0) : 0;
}

Result<Transaction> Transaction::begin(Database& database) {
    HW_CHECK(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Transaction::~Transaction() {
    if (database_ == nullptr) { return; }
    // Where even this fails, the file is rolled back by whoever opens it next.
    const auto undone = database_->execute("ROLLBACK");
    static_cast<void>(undone);
}

Result<void> Transaction::commit() {
    HW_CHECK(database_->execute("COMMIT"));
    database_ = nullptr;
    return {};
}

}  // namespace hw::casefile
