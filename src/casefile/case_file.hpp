#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "base/time.hpp"
#include "casefile/database.hpp"
#include "casefile/entry.hpp"
#include "casefile/signing.hpp"
#include "casefile/tlp.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::casefile {

/// What a case is begun with.
struct NewCase {
    std::string title;
    std::string owner;  ///< What the founding key's owner is called; may be empty.
    Tlp tlp = Tlp::amber;
    Time now;
};

/// What every reader of a case wants to know first.
struct About {
    std::string id;     ///< 32 hexadecimal digits, unlike any other case's.
    std::string title;
    Tlp tlp = Tlp::amber;  ///< Of what is filed without a label of its own.
    Time opened;
    PublicKey founder;
};

/// An object as it stands now.
struct Object {
    std::string kind;
    std::string id;
    Tlp tlp = Tlp::amber;
    JsonValue body;
    std::int64_t seq = 0;    ///< The log entry that it stands in.
    std::int64_t first = 0;  ///< The one in which it first stood.
    Time time;               ///< When it was filed, by the clock of whoever filed it.
    bool retracted = false;
};

/// How many objects of a kind a case holds.
struct KindCount {
    std::string kind;
    std::uint64_t live = 0;
    std::uint64_t retracted = 0;
};

/// One case: an append-only, hash-chained, signed log of what was filed, and where each object's last word stands in it. The file is
/// SQLite in WAL mode: readers never wait, there is one writer at a time, and what `append` acknowledged survives a kill or a power cut.
/// The layout is docs/case-format.md.
class CaseFile {
public:
    /// Makes a new case; `path` must not be there. It appears whole or not at all.
    [[nodiscard]] static Result<void> create(const std::string& path, const NewCase& about, const SigningKey& key);
    /// Opens a case. Fails with `not_found`, `unreadable`, `malformed` (no case file, a foreign schema, damage) or `unsupported` (made by a later version).
    [[nodiscard]] static Result<CaseFile> open(const std::string& path, Access access);

    [[nodiscard]] const About& about() const { return about_; }
    [[nodiscard]] const std::string& path() const { return database_.path(); }
    [[nodiscard]] Result<Head> head();
    /// Who may sign, with the names they were entered under.
    [[nodiscard]] Result<std::map<PublicKey, std::string>> keys();

    /// Files all changes or none, in one transaction that is sealed by one signature; returns the new head once it is on the disk.
    /// Fails with `refused` where `key` may not sign here, with `usage` on a change that cannot be (a bad id, retracting what is not there).
    [[nodiscard]] Result<Head> append(std::span<const Change> changes, const SigningKey& key, Time now);

    /// The object's last word, retracted or not; nothing where there is none.
    [[nodiscard]] Result<std::optional<Object>> find(std::string_view kind, std::string_view id);
    /// Calls `take` for every object of a kind that is not retracted, in the order in which they were first filed.
    [[nodiscard]] Result<void> for_each(std::string_view kind, const std::function<Result<void>(Object)>& take);
    [[nodiscard]] Result<std::vector<Object>> all(std::string_view kind);
    /// The objects with this id, of whatever kind.
    [[nodiscard]] Result<std::vector<Object>> called(std::string_view id);
    [[nodiscard]] Result<std::vector<KindCount>> counts();
    /// Calls `take` for each log entry from `from` on, in order.
    [[nodiscard]] Result<void> for_each_entry(std::int64_t from, const std::function<Result<void>(const Entry&, const Hash&)>& take);

    [[nodiscard]] Database& database() { return database_; }

private:
    CaseFile(Database database, About about) : database_(std::move(database)), about_(std::move(about)) {}
    [[nodiscard]] Result<Object> object_at(const Statement& row);
    Database database_;
    About about_;
};

}  // namespace hw::casefile
