#include "casefile/case_file.hpp"

#include "casefile/schema.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace hw::casefile {
namespace {
namespace files {

constexpr std::string_view kKeyKind = "key";
constexpr std::string_view kCaseKind = "case";
constexpr std::size_t kLargestBody = std::size_t{16} << 20U;

std::string new_case_id() {
    std::random_device entropy;
    std::string id;
    for (int i = 0; i < 4; ++i) { id += fmt::format("{:08x}", entropy()); }
    return id;
}

std::string at_entry(const Database& database, std::int64_t seq) { return fmt::format("{}: entry {}", database.path(), seq); }

Error damaged(const Database& database, std::int64_t seq, std::string what) {
    return {Errc::malformed, std::move(what), at_entry(database, seq), "'headwater case verify' says what still holds"};
}

Result<Head> head_of(Database& database) {
    HW_TRY(auto row, database.prepare("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1"));
    HW_TRY(const bool there, row.step());
    Head head;
    if (!there) { return head; }
    head.seq = row.number(0);
    const auto hash = row.bytes(1);
    if (hash.size() != head.hash.size()) { return std::unexpected(damaged(database, head.seq, "a log entry without its hash")); }
    std::ranges::copy(hash, head.hash.begin());
    return head;
}

/// Everything an append needs at hand, prepared once.
struct Writer {
    Statement log;
    Statement object;
    Statement find;
};

Result<Writer> prepare_writer(Database& database) {
    HW_TRY(auto log, database.prepare("INSERT INTO log(seq, entry, hash) VALUES(?, ?, ?)"));
    HW_TRY(auto object, database.prepare("INSERT INTO object(kind, id, seq, first, retracted) VALUES(?1, ?2, ?3, ?3, ?4) ON CONFLICT(kind, id) DO UPDATE SET seq = ?3, retracted = ?4"));
    HW_TRY(auto find, database.prepare("SELECT retracted FROM object WHERE kind = ? AND id = ?"));
    return Writer{std::move(log), std::move(object), std::move(find)};
}

Result<void> check_change(Writer& writer, const Change& change) {
    if (!is_kind(change.kind)) { return fail(Errc::usage, "not a kind of object: \"" + change.kind + "\""); }
    if (!is_id(change.id)) { return fail(Errc::usage, "an object cannot be called \"" + change.id + "\"", {}, "1 to 200 of letters, digits and . _ : / @ + -"); }
    if (change.body.as_object() == nullptr) { return fail(Errc::usage, "what is filed must be a JSON object", change.kind + " " + change.id); }
    const bool is_key = change.kind == kKeyKind;
    if (change.act != Act::retract && !is_key) { return {}; }
    writer.find.bind(0, change.kind).bind(1, change.id);
    HW_TRY(const bool there, writer.find.step());
    const bool live = there && writer.find.number(0) == 0;
    writer.find.reset();
    // Once in, once out: so that who might sign at any entry follows from where the key first and last stands.
    if (change.act != Act::retract) { return there ? fail(Errc::usage, "the key is known to the case already", change.id, live ? "" : "it was taken back; make a new one") : Result<void>(); }
    if (!live) { return fail(Errc::usage, "there is no such " + change.kind + " to take back", change.id, "'headwater case show FILE' lists what there is"); }
    return {};
}

/// An id of the form `kind-7` that no object of the kind has. Inside the transaction that uses it.
Result<std::string> free_id(Database& database, Writer& writer, const std::string& kind) {
    HW_TRY(auto count, database.prepare("SELECT count(*) FROM object WHERE kind = ?"));
    HW_TRY(const bool counted, count.bind(0, kind).step());
    for (std::int64_t number = counted ? count.number(0) + 1 : 1;; ++number) {
        auto id = fmt::format("{}-{}", kind, number);
        writer.find.bind(0, kind).bind(1, id);
        HW_TRY(const bool taken, writer.find.step());
        writer.find.reset();
        if (!taken) { return id; }
    }
}

Result<void> write_entry(Writer& writer, const Entry& entry, const Hash& signers, Head& head) {
    const std::string text = entry_text(entry);
    if (text.size() > kLargestBody) { return fail(Errc::limit, "more than 16 MiB in one object", entry.kind + " " + entry.id, "file it as an input, by its hash"); }
    HW_TRY(head.hash, next_hash(head.hash, signers, text));
    head.seq = entry.seq;
    HW_CHECK(writer.log.bind(0, entry.seq).bind(1, text).bind(2, std::span<const std::uint8_t>(head.hash)).run());
    return writer.object.bind(0, entry.kind).bind(1, entry.id).bind(2, entry.seq).bind(3, std::int64_t{entry.act == Act::retract ? 1 : 0}).run();
}

Result<void> write_seal(Database& database, std::string_view case_id, const Head& head, const SigningKey& key) {
    HW_TRY(auto seal, database.prepare("INSERT INTO seal(seq, key, signature) VALUES(?, ?, ?)"));
    const Signature signature = key.sign(sealed_message(case_id, head));
    return seal.bind(0, head.seq).bind(1, key.public_key().bytes()).bind(2, std::span<const std::uint8_t>(signature)).run();
}

Result<About> about_of(const Entry& first, const Database& database) {
    const auto fail_as = [&] { return std::unexpected(damaged(database, 1, "the log's first entry does not begin a case")); };
    if (first.act != Act::open || first.kind != kCaseKind) { return fail_as(); }
    const auto founder = PublicKey::parse(first.body.text("founder").value_or(""));
    if (!founder) { return fail_as(); }
    return About{.id = first.id, .title = first.body.text("title").value_or(""), .tlp = first.tlp, .opened = first.time, .founder = *founder};
}

std::set<PublicKey> set_of(const std::map<PublicKey, std::string>& keys) {
    std::set<PublicKey> set;
    for (const auto& [key, name] : keys) { set.insert(key); }
    return set;
}

}  // namespace files
}  // namespace

Result<void> CaseFile::create(const std::string& path, const NewCase& about, const SigningKey& key) {
    using namespace files;
    namespace fs = std::filesystem;
    std::error_code problem;
    if (fs::exists(fs::symlink_status(path, problem))) { return fail(Errc::refused, "there is a file of this name already", path, "choose another name; a case is never written over"); }
    const std::string beside = path + ".new-" + std::to_string(::getpid());
    // Made for its owner alone: SQLite takes the permissions that it finds.
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX has no other
    if (file < 0) { return fail(Errc::unreadable, "cannot make the case file", path, "check that the folder is there and can be written"); }
    ::close(file);
    const auto make = [&]() -> Result<void> {
        HW_TRY(auto database, Database::open(beside, Access::write));
        HW_CHECK(database.execute("PRAGMA journal_mode = WAL"));
        HW_TRY(auto transaction, Transaction::begin(database));
        HW_CHECK(make_schema(database));
        HW_TRY(auto writer, prepare_writer(database));
        Entry first{.seq = 1, .time = about.now, .act = Act::open, .kind = std::string(kCaseKind), .id = new_case_id(), .tlp = about.tlp, .body = {}};
        first.body.set("title", about.title).set("founder", key.public_key().hex()).set("format", "headwater.case/1");
        Head head;
        HW_TRY(const auto nobody, digest_of({}));
        HW_CHECK(write_entry(writer, first, nobody, head));
        Entry second{.seq = 2, .time = about.now, .act = Act::put, .kind = std::string(kKeyKind), .id = key.public_key().hex(), .tlp = about.tlp, .body = {}};
        second.body.set("name", about.owner);
        HW_TRY(const auto founder, digest_of({key.public_key()}));
        HW_CHECK(write_entry(writer, second, founder, head));
        HW_CHECK(write_seal(database, first.id, head, key));
        return transaction.commit();
    };
    auto made = make();
    if (made && ::link(beside.c_str(), path.c_str()) != 0) {
        made = fail(Errc::unreadable, "cannot make the case file", path, "check that nothing of this name is there, and that the folder can be written");
    }
    for (const char* ending : {"", "-wal", "-shm"}) { fs::remove(beside + ending, problem); }
    return made;
}

Result<CaseFile> CaseFile::open(const std::string& path, Access access) {
    using namespace files;
    std::error_code problem;
    const auto status = std::filesystem::status(path, problem);
    if (!std::filesystem::exists(status)) { return fail(Errc::not_found, "there is no such case file", path, "'headwater case new " + path + "' makes one"); }
    if (!std::filesystem::is_regular_file(status)) { return fail(Errc::unreadable, "a case is a file, and this is none", path); }
    HW_TRY(auto database, Database::open(path, access));
    HW_CHECK(check_schema(database, access));
    // What is acknowledged is on the disk, not only in the system's memory.
    if (access != Access::read) { HW_CHECK(database.execute("PRAGMA synchronous = FULL")); }
    std::optional<About> about;
    {
        HW_TRY(auto first, database.prepare("SELECT entry FROM log WHERE seq = 1"));
        HW_TRY(const bool there, first.step());
        if (!there) { return std::unexpected(damaged(database, 1, "the log is empty")); }
        HW_TRY(const auto entry, parse_entry(first.text(0), at_entry(database, 1)));
        HW_TRY(about, about_of(entry, database));
    }
    return CaseFile(std::move(database), std::move(*about));
}

Result<Head> CaseFile::head() {
    using namespace files;
    return head_of(database_);
}

Result<std::map<PublicKey, std::string>> CaseFile::keys() {
    using namespace files;
    std::map<PublicKey, std::string> keys;
    HW_CHECK(for_each(kKeyKind, [&](const Object& object) -> Result<void> {
        HW_TRY(const auto key, PublicKey::parse(object.id));
        keys.emplace(key, object.body.text("name").value_or(""));
        return {};
    }));
    return keys;
}

Result<Head> CaseFile::append(std::span<const Change> changes, const SigningKey& key, Time now) {
    using namespace files;
    HW_TRY(auto transaction, Transaction::begin(database_));
    HW_TRY(auto head, head_of(database_));
    if (changes.empty()) { return head; }
    HW_TRY(const auto named, keys());
    auto signers = set_of(named);
    if (!signers.contains(key.public_key())) {
        return fail(Errc::refused, "this key may not sign in this case", key.public_key().hex(), "ask somebody who may for 'headwater case trust " + path() + " " + key.public_key().hex() + "', or name another key with --key");
    }
    HW_TRY(auto writer, prepare_writer(database_));
    HW_TRY(auto signers_digest, digest_of(signers));
    for (const Change& asked : changes) {
        Change change = asked;
        if (change.id.empty() && change.act == Act::put && is_kind(change.kind)) { HW_TRY(change.id, free_id(database_, writer, change.kind)); }
        HW_CHECK(check_change(writer, change));
        const Entry entry{.seq = head.seq + 1, .time = now, .act = change.act, .kind = change.kind, .id = change.id, .tlp = change.tlp.value_or(about_.tlp), .body = change.body};
        HW_CHECK(write_entry(writer, entry, signers_digest, head));
        if (change.kind != kKeyKind) { continue; }
        HW_TRY(const auto changed, PublicKey::parse(change.id));
        if (change.act == Act::retract) { signers.erase(changed); }
        else { signers.insert(changed); }
        HW_TRY(signers_digest, digest_of(signers));
    }
    if (!signers.contains(key.public_key())) { return fail(Errc::refused, "a key cannot take back itself", key.public_key().hex(), "sign with another key that may"); }
    HW_CHECK(write_seal(database_, about_.id, head, key));
    HW_CHECK(transaction.commit());
    return head;
}

namespace {
constexpr std::string_view kObjectColumns = "SELECT o.kind, o.id, o.seq, o.first, o.retracted, l.entry FROM object o JOIN log l ON l.seq = o.seq ";
}  // namespace

Result<Object> CaseFile::object_at(const Statement& row) {
    using namespace files;
    HW_TRY(auto entry, parse_entry(row.text(5), at_entry(database_, row.number(2))));
    if (entry.kind != row.text(0) || entry.id != row.text(1) || entry.seq != row.number(2)) { return std::unexpected(damaged(database_, row.number(2), "the table of objects and the log disagree")); }
    return Object{.kind = std::move(entry.kind), .id = std::move(entry.id), .tlp = entry.tlp, .body = std::move(entry.body), .seq = entry.seq, .first = row.number(3), .time = entry.time, .retracted = row.number(4) != 0};
}

Result<std::optional<Object>> CaseFile::find(std::string_view kind, std::string_view id) {
    using namespace files;
    HW_TRY(auto row, database_.prepare(std::string(kObjectColumns) + "WHERE o.kind = ? AND o.id = ?"));
    HW_TRY(const bool there, row.bind(0, kind).bind(1, id).step());
    if (!there) { return std::nullopt; }
    HW_TRY(auto object, object_at(row));
    return std::optional(std::move(object));
}

Result<void> CaseFile::for_each(std::string_view kind, const std::function<Result<void>(Object)>& take) {
    using namespace files;
    HW_TRY(auto row, database_.prepare(std::string(kObjectColumns) + "WHERE o.kind = ? AND o.retracted = 0 ORDER BY o.first"));
    row.bind(0, kind);
    while (true) {
        HW_TRY(const bool more, row.step());
        if (!more) { return {}; }
        HW_TRY(auto object, object_at(row));
        HW_CHECK(take(std::move(object)));
    }
}

Result<std::vector<Object>> CaseFile::all(std::string_view kind) {
    using namespace files;
    std::vector<Object> objects;
    HW_CHECK(for_each(kind, [&](Object object) -> Result<void> {
        objects.push_back(std::move(object));
        return {};
    }));
    return objects;
}

Result<std::vector<Object>> CaseFile::called(std::string_view id) {
    using namespace files;
    std::vector<Object> objects;
    HW_TRY(auto row, database_.prepare(std::string(kObjectColumns) + "WHERE o.id = ? ORDER BY o.first"));
    row.bind(0, id);
    while (true) {
        HW_TRY(const bool more, row.step());
        if (!more) { return objects; }
        HW_TRY(auto object, object_at(row));
        objects.push_back(std::move(object));
    }
}

Result<std::vector<KindCount>> CaseFile::counts() {
    using namespace files;
    std::vector<KindCount> counts;
    HW_TRY(auto row, database_.prepare("SELECT kind, sum(NOT retracted), sum(retracted) FROM object GROUP BY kind ORDER BY kind"));
    while (true) {
        HW_TRY(const bool more, row.step());
        if (!more) { return counts; }
        counts.push_back({std::string(row.text(0)), static_cast<std::uint64_t>(row.number(1)), static_cast<std::uint64_t>(row.number(2))});
    }
}

Result<void> CaseFile::for_each_entry(std::int64_t from, const std::function<Result<void>(const Entry&, const Hash&)>& take) {
    using namespace files;
    HW_TRY(auto row, database_.prepare("SELECT seq, entry, hash FROM log WHERE seq >= ? ORDER BY seq"));
    row.bind(0, from);
    while (true) {
        HW_TRY(const bool more, row.step());
        if (!more) { return {}; }
        HW_TRY(const auto entry, parse_entry(row.text(1), at_entry(database_, row.number(0))));
        Hash hash{};
        const auto bytes = row.bytes(2);
        if (bytes.size() != hash.size()) { return std::unexpected(damaged(database_, row.number(0), "a log entry without its hash")); }
        std::ranges::copy(bytes, hash.begin());
        HW_CHECK(take(entry, hash));
    }
}

}  // namespace hw::casefile
