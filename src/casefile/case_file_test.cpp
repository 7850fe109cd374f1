#include "casefile/case_file.hpp"

#include "casefile/verify.hpp"

#include <filesystem>
#include <fstream>
#include <thread>

#include <unistd.h>

#include <doctest/doctest.h>

using namespace hw;
using namespace hw::casefile;

namespace {
namespace fs = std::filesystem;

constexpr Time kNow = Time::from_micros(1'416'823'200'000'000);

/// A folder of its own that goes with it.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("headwater-case-" + std::to_string(::getpid()));
    Folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Folder() { fs::remove_all(path); }
    [[nodiscard]] std::string file(const char* name = "a.hwcase") const { return (path / name).string(); }
};

JsonValue words(const std::string& text) { return JsonValue().set("words", text); }
Change put(std::string kind, std::string id, const std::string& text) { return {.act = Act::put, .kind = std::move(kind), .id = std::move(id), .tlp = {}, .body = words(text)}; }

SigningKey begun(const std::string& path) {
    auto key = SigningKey::generate().value();
    REQUIRE(CaseFile::create(path, {.title = "A case", .owner = "first", .tlp = Tlp::green, .now = kNow}, key).has_value());
    return key;
}

/// Changes the file behind the case's back.
void meddle(const std::string& path, const char* sql) {
    auto database = Database::open(path, Access::write).value();
    REQUIRE(database.execute(sql).has_value());
}

std::string fault_of(const std::string& path, const VerifyOptions& options = {}) {
    auto opened = CaseFile::open(path, Access::read);
    if (!opened) { return opened.error().message; }
    const auto told = verify(*opened, options).value();
    return told.fault ? std::to_string(told.fault->seq) + ": " + told.fault->what : "";
}

}  // namespace

TEST_CASE("case_file: what is filed is found, with its label and its place in the log") {
    const Folder folder;
    const auto key = begun(folder.file());
    auto file = CaseFile::open(folder.file(), Access::write).value();
    CHECK(file.about().title == "A case");
    CHECK(file.about().founder == key.public_key());
    const std::vector<Change> changes{put("item", "i1", "one"), {.act = Act::put, .kind = "item", .id = "i2", .tlp = Tlp::red, .body = words("two")}, put("note", "i1", "n")};
    const auto head = file.append(changes, key, kNow).value();
    CHECK(head.seq == 5);
    const auto one = file.find("item", "i1").value().value();
    CHECK(one.body.text("words") == "one");
    CHECK(one.tlp == Tlp::green);
    CHECK(one.seq == 3);
    CHECK(file.find("item", "i2").value()->tlp == Tlp::red);
    CHECK_FALSE(file.find("item", "i3").value().has_value());
    CHECK(file.called("i1").value().size() == 2);
    REQUIRE(file.append(std::vector{put("note", "", "unnamed"), put("note", "", "too")}, key, kNow).has_value());
    CHECK(file.find("note", "note-2").value()->body.text("words") == "unnamed");
    CHECK(file.find("note", "note-3").value()->body.text("words") == "too");
    CHECK(fs::status(folder.file()).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(fault_of(folder.file()).empty());
}

TEST_CASE("case_file: a new wording stands in the old one's place, and a retraction takes it out of the list, not out of the log") {
    const Folder folder;
    const auto key = begun(folder.file());
    auto file = CaseFile::open(folder.file(), Access::write).value();
    REQUIRE(file.append(std::vector{put("item", "a", "1"), put("item", "b", "1")}, key, kNow).has_value());
    REQUIRE(file.append(std::vector{put("item", "a", "2")}, key, kNow).has_value());
    const auto all = file.all("item").value();
    REQUIRE(all.size() == 2);
    CHECK(all[0].id == "a");
    CHECK(all[0].body.text("words") == "2");
    CHECK(all[0].first == 3);
    REQUIRE(file.append(std::vector{Change{.act = Act::retract, .kind = "item", .id = "a", .tlp = {}, .body = JsonValue().set("reason", "wrong")}}, key, kNow).has_value());
    CHECK(file.all("item").value().size() == 1);
    CHECK(file.find("item", "a").value()->retracted);
    CHECK(file.counts().value().at(1).retracted == 1);
    CHECK(file.append(std::vector{Change{.act = Act::retract, .kind = "item", .id = "a", .tlp = {}, .body = JsonValue().set("reason", "again")}}, key, kNow).error().code == Errc::usage);
    CHECK(fault_of(folder.file()).empty());
}

TEST_CASE("case_file: all changes of an append are filed or none") {
    const Folder folder;
    const auto key = begun(folder.file());
    auto file = CaseFile::open(folder.file(), Access::write).value();
    const auto before = file.head().value();
    CHECK(file.append(std::vector{put("item", "good", "x"), put("item", "not good", "x")}, key, kNow).error().code == Errc::usage);
    CHECK(file.append(std::vector{put("item", "good", "x"), put("Not a kind", "x", "x")}, key, kNow).error().code == Errc::usage);
    CHECK(file.append(std::vector{put("item", "good", "x"), Change{.act = Act::put, .kind = "item", .id = "x", .tlp = {}, .body = JsonValue(1)}}, key, kNow).error().code == Errc::usage);
    CHECK(file.head().value() == before);
    CHECK_FALSE(file.find("item", "good").value().has_value());
}

TEST_CASE("case_file: only keys that the case knows may sign, and keys let others in and out") {
    const Folder folder;
    const auto key = begun(folder.file());
    const auto other = SigningKey::generate().value();
    auto file = CaseFile::open(folder.file(), Access::write).value();
    CHECK(file.append(std::vector{put("item", "a", "x")}, other, kNow).error().code == Errc::refused);
    const std::string name = other.public_key().hex();
    REQUIRE(file.append(std::vector{put("key", name, "other")}, key, kNow).has_value());
    REQUIRE(file.append(std::vector{put("item", "a", "x")}, other, kNow).has_value());
    CHECK(file.append(std::vector{put("key", name, "again")}, key, kNow).error().code == Errc::usage);
    const Change out{.act = Act::retract, .kind = "key", .id = name, .tlp = {}, .body = JsonValue().set("reason", "left")};
    CHECK(file.append(std::vector{out}, other, kNow).error().code == Errc::refused);
    REQUIRE(file.append(std::vector{out}, key, kNow).has_value());
    CHECK(file.append(std::vector{put("item", "b", "x")}, other, kNow).error().code == Errc::refused);
    CHECK(file.append(std::vector{put("key", name, "once more")}, key, kNow).error().code == Errc::usage);
    CHECK(fault_of(folder.file()).empty());
}

TEST_CASE("case_file: a case is never written over, and what is no case is told apart") {
    const Folder folder;
    const auto key = begun(folder.file());
    CHECK(CaseFile::create(folder.file(), {}, key).error().code == Errc::refused);
    CHECK(CaseFile::open(folder.file("none"), Access::read).error().code == Errc::not_found);
    CHECK(CaseFile::open(folder.path.string(), Access::read).error().code == Errc::unreadable);
    std::ofstream(folder.file("text")) << std::string(5'000, 'x');
    CHECK(CaseFile::open(folder.file("text"), Access::read).error().message == "not a case file");
    std::ofstream(folder.file("empty")).flush();
    CHECK(CaseFile::open(folder.file("empty"), Access::write).error().message == "an SQLite file, but no case file of Headwater's");
    meddle(folder.file(), "PRAGMA user_version = 99");
    CHECK(CaseFile::open(folder.file(), Access::read).error().code == Errc::unsupported);
    CHECK(fs::directory_iterator(folder.path) != fs::directory_iterator());
    for (const auto& entry : fs::directory_iterator(folder.path)) { CHECK(entry.path().string().find(".new-") == std::string::npos); }
}

TEST_CASE("case_file: tables that no case has are foreign") {
    const Folder folder;
    static_cast<void>(begun(folder.file()));
    meddle(folder.file(), "CREATE VIEW mine AS SELECT 1");
    CHECK(CaseFile::open(folder.file(), Access::read).error().message == "the case file's tables are not those that Headwater makes");
}

TEST_CASE("case_file: a case of an older schema is read as it is, and brought up when it is written") {
    const Folder folder;
    const auto key = begun(folder.file());
    meddle(folder.file(), "DROP INDEX object_by_id; DROP VIEW objects; DROP VIEW items; PRAGMA user_version = 1");
    CHECK(CaseFile::open(folder.file(), Access::read).value().about().title == "A case");
    CHECK(CaseFile::open(folder.file(), Access::write).has_value());
    CHECK(CaseFile::open(folder.file(), Access::read).value().database().number("PRAGMA user_version").value() == 2);
    CHECK(fault_of(folder.file()).empty());
}

TEST_CASE("verify: the first entry that fails is named") {
    const Folder folder;
    const auto key = begun(folder.file());
    Head middle;
    {
        auto file = CaseFile::open(folder.file(), Access::write).value();
        REQUIRE(file.append(std::vector{put("item", "a", "said"), put("item", "b", "said")}, key, kNow).has_value());
        middle = file.head().value();
        REQUIRE(file.append(std::vector{put("item", "c", "said"), put("item", "a", "again")}, key, kNow).has_value());
    }
    const std::string copy = folder.file("copy");
    const auto after = [&](const char* sql) {
        fs::copy_file(folder.file(), copy, fs::copy_options::overwrite_existing);
        meddle(copy, sql);
        return fault_of(copy);
    };
    CHECK(fault_of(folder.file()).empty());
    CHECK(after("UPDATE log SET entry = replace(entry, 'said', 'says') WHERE seq = 4") == "4: the entry was changed: its hash is another");
    CHECK(after("DELETE FROM log WHERE seq = 4") == "4: an entry is missing from the log");
    CHECK(after("DELETE FROM log WHERE seq = 6") == "5: the last entry is not signed");
    CHECK(after("DELETE FROM seal WHERE seq = 6") == "6: the last entry is not signed");
    CHECK(after("UPDATE seal SET signature = zeroblob(64) WHERE seq = 4") == "4: the signature does not hold");
    CHECK(after("UPDATE object SET seq = 3 WHERE id = 'a'") == "3: the table of objects says otherwise than the log of item a");
    CHECK(after("DELETE FROM object WHERE id = 'a'") == "0: the table of objects lacks some that the log has");
    CHECK(after("UPDATE object SET retracted = 1 WHERE id = 'b'") == "4: the table of objects says otherwise than the log of item b");
    CHECK(after("DELETE FROM log; DELETE FROM seal") == "the log is empty");

    CHECK(fault_of(folder.file(), {.since = middle}).empty());
    Head other = middle;
    other.hash[0] ^= 1U;
    CHECK(fault_of(folder.file(), {.since = other}) == "4: the log does not lead to the head that was told: entries up to it were changed");
    CHECK(fault_of(folder.file(), {.since = Head{.seq = 50, .hash = {}}}) == "50: the log ends before the head that was told");
    CHECK(fault_of(folder.file(), {.founder = SigningKey::generate().value().public_key()}).starts_with("1: the case was founded by another key"));
}

TEST_CASE("verify: whoever knows a head is not fooled by a key that was let in behind it") {
    const Folder folder;
    const auto key = begun(folder.file());
    const auto thief = SigningKey::generate().value();
    auto file = CaseFile::open(folder.file(), Access::write).value();
    const auto known = file.append(std::vector{put("item", "a", "x"), put("item", "b", "x")}, key, kNow).value();
    // The thief writes a key of his own over an entry that was verified, and goes on signing with it.
    const std::string change = "UPDATE log SET entry = replace(replace(entry, '\"kind\":\"item\"', '\"kind\":\"key\"'), '\"id\":\"a\"', '\"id\":\"" + thief.public_key().hex() + "\"') WHERE seq = 3;"
                               "UPDATE object SET kind = 'key', id = '" + thief.public_key().hex() + "' WHERE id = 'a'";
    meddle(folder.file(), change.c_str());
    REQUIRE(file.append(std::vector{put("item", "c", "x")}, thief, kNow).has_value());
    CHECK(fault_of(folder.file(), {.since = known}) == "4: the log does not lead to the head that was told: entries up to it were changed");
    CHECK(fault_of(folder.file()) == "3: the entry was changed: its hash is another");
}

TEST_CASE("case_file: readers see whole appends while one writes, and two writers take turns") {
    const Folder folder;
    const auto key = begun(folder.file());
    constexpr int kRounds = 40;
    const auto write = [&](const char* name) {
        auto file = CaseFile::open(folder.file(), Access::write).value();
        for (int i = 0; i < kRounds; ++i) {
            const std::string id = name + std::to_string(i);
            REQUIRE(file.append(std::vector{put("item", id + "-a", "x"), put("item", id + "-b", "x")}, key, kNow).has_value());
        }
    };
    {
        const std::jthread one(write, "one"), two(write, "two");
        auto file = CaseFile::open(folder.file(), Access::read).value();
        for (int i = 0; i < kRounds; ++i) { CHECK(file.all("item").value().size() % 2 == 0); }
    }
    auto file = CaseFile::open(folder.file(), Access::read).value();
    CHECK(file.all("item").value().size() == 4 * kRounds);
    CHECK(verify(file, {}).value().seals == 2 * kRounds + 1);
}
