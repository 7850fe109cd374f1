#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace hw::casefile {

/// What a statement gives or takes: one row at a time. Values are bound and read by position, both from 0.
class Statement {
public:
    Statement(sqlite3* database, sqlite3_stmt* statement, std::string where);

    Statement& bind(int at, std::int64_t number);
    Statement& bind(int at, std::string_view text);
    Statement& bind(int at, std::span<const std::uint8_t> bytes);
    /// Goes to the next row; false where there is none.
    [[nodiscard]] Result<bool> step();
    /// Runs it to its end and makes it ready to be bound again.
    [[nodiscard]] Result<void> run();
    void reset();

    [[nodiscard]] std::int64_t number(int column) const;
    /// Holds until the next step.
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::span<const std::uint8_t> bytes(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    std::string where_;
    int bound_ = 0;  ///< The first failure of a bind; told by the next step.
};

/// Whether a file may be written.
enum class Access : std::uint8_t { read, write, create };

/// One SQLite file, opened as a file from a stranger is: its schema runs no code, what its pages claim is checked, nothing is read past
/// caps. SQLite's failures become `Error`s that say what to do.
class Database {
public:
    /// Opens `path`. `create`: a new file, which must not be there. Fails with `not_found`, `unreadable`, or `malformed` where it is no
    /// SQLite file.
    [[nodiscard]] static Result<Database> open(const std::string& path, Access access);

    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// The first column of the only row, a number.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    struct Close {
        void operator()(sqlite3* database) const noexcept;
    };
    /// Opens the file by another name that SQLite knows it by (a URI); failures are told with `path`.
    static Result<Database> open_by(const std::string& path, const std::string& name, Access access);
    Database(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
};

/// A transaction that is undone unless it is committed.
class Transaction {
public:
    /// Begins one that writes; waits for another writer some seconds, then fails with `limit`.
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    /// Returns once it is on the disk.
    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace hw::casefile
