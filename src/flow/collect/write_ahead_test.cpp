#include "flow/collect/write_ahead.hpp"

#include "flow/read/test_exports.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::collect;
using namespace hw::flow::read::test;

namespace {

struct AheadFolder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-ahead-" + std::to_string(getpid()));
    AheadFolder() {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~AheadFolder() { std::filesystem::remove_all(path); }
    AheadFolder(const AheadFolder&) = delete;
    AheadFolder& operator=(const AheadFolder&) = delete;
};

const net::Endpoint kSender{.address = net::Address::v4(0xc0000201), .port = net::Port{4739}};
const Time kAt = Time::from_micros(1'416'823'200'000'000);

std::vector<std::byte> file_of(const std::vector<ExportBytes>& messages) {
    std::vector<std::byte> file;
    append_ahead_front("collect", file);
    for (const auto& m : messages) { append_ahead_record({.kind = AheadKind::received, .sender = kSender, .at = kAt, .bytes = m.bytes()}, file); }
    return file;
}

struct ReadBack {
    AheadContents contents;
    std::vector<std::vector<std::byte>> messages;
};
ReadBack read_back(std::span<const std::byte> file) {
    ReadBack back;
    auto contents = parse_ahead(file, "test", [&](const AheadRecord& r) {
        CHECK(r.sender == kSender);
        CHECK(r.at == kAt);
        back.messages.emplace_back(r.bytes.begin(), r.bytes.end());
    });
    REQUIRE(contents);
    back.contents = *std::move(contents);
    return back;
}

/// An IPFIX message of one domain.
ExportBytes ipfix(std::uint32_t sequence, const ExportBytes& sets) {
    ExportBytes m;
    m.u16(10).u16(16 + sets.size()).u32(1'416'823'200).u32(sequence).u32(7).add(sets.bytes());
    return m;
}
ExportBytes template_of(std::uint64_t id) {
    ExportBytes inside;
    inside.u16(id).u16(4).u16(8).u16(4).u16(12).u16(4).u16(1).u16(4).u16(2).u16(4);
    return export_set(2, inside);
}
ExportBytes data_of(std::uint64_t id, std::uint64_t source) {
    ExportBytes inside;
    inside.u32(source).u32(0xc6336401).u32(100).u32(1);
    return export_set(id, inside);
}

/// A decoder with the keeper that watches it.
struct Watched {
    read::ExportDecoder decoder;
    StateKeeper keeper;
    read::ReadReport report;
    std::vector<read::ExportRecord> records;
    void feed(const ExportBytes& m) {
        decoder.feed(kSender, kAt, m.bytes(), 0, report, records);
        keeper.see(kSender, kAt, m.bytes(), decoder);
    }
    /// A new decoder brought to where this one is.
    [[nodiscard]] Watched again() const {
        Watched other;
        keeper.each([&](const net::Endpoint& sender, Time at, std::span<const std::byte> m) { other.decoder.feed(sender, at, m, 0, other.report, other.records); });
        return other;
    }
};

}  // namespace

TEST_CASE("write-ahead: what was written is read again, and a file cut anywhere gives the records that are whole and counts the rest") {
    std::vector<ExportBytes> messages(3);
    messages[0].u32(1);
    messages[2].u32(3).u8(4);
    const auto file = file_of(messages);
    const auto whole = read_back(file);
    CHECK(whole.contents.observer == "collect");
    CHECK(whole.contents.torn_bytes == 0);
    REQUIRE(whole.messages.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) { CHECK(std::ranges::equal(whole.messages[i], messages[i].bytes())); }
    std::size_t before = 0;
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto cut = read_back(std::span(file).first(size));
        CHECK(cut.messages.size() >= before);
        CHECK(cut.messages.size() < 3);
        before = cut.messages.size();
    }
    CHECK(before == 2);
}

TEST_CASE("write-ahead: no flipped bit passes for a datagram") {
    std::vector<ExportBytes> messages(2);
    messages[0].u32(0x01020304);
    messages[1].u32(0x05060708);
    const auto file = file_of(messages);
    for (std::size_t at = 12; at < file.size(); ++at) {
        auto damaged = file;
        damaged[at] ^= std::byte{0x10};
        std::size_t front = 0;
        if (!parse_ahead(damaged, "test", [&front](const AheadRecord&) { ++front; })) {  // the front's: nothing of it is used, or removed
            CHECK(front == 0);
            continue;
        }
        const auto back = read_back(damaged);
        CHECK(back.messages.size() < 2);
        CHECK(back.contents.torn_bytes + back.contents.damaged_bytes > 0);
        for (std::size_t i = 0; i < back.messages.size(); ++i) { CHECK(std::ranges::equal(back.messages[i], messages[i].bytes())); }
    }
}

TEST_CASE("write-ahead: bytes that are there and wrong are damage, bytes that are missing are not") {
    std::vector<ExportBytes> messages(3);
    for (auto& m : messages) { m.u32(7); }
    auto file = file_of(messages);
    const std::size_t record = (file.size() - file_of({}).size()) / 3;
    file[file.size() - record - 1] ^= std::byte{1};  // in the second
    const auto damaged = read_back(file);
    CHECK(damaged.messages.size() == 1);
    CHECK(damaged.contents.damaged_bytes == 2 * record);
    CHECK(damaged.contents.torn_bytes == 0);
    const AheadFolder folder;
    {
        auto made = AheadFile::create(folder.path, "1-3.ahead", "collect");
        REQUIRE(made);
        (*made)->keep_when_removed();
        (*made)->remove();
    }
    CHECK(std::filesystem::exists(folder.path / "1-3.ahead.damaged"));
    CHECK_FALSE(std::filesystem::exists(folder.path / "1-3.ahead"));
}

TEST_CASE("write-ahead: a file of another version, or another file, is an error that says so") {
    auto file = file_of({});
    file[8] = std::byte{2};
    const auto nothing = [](const AheadRecord&) {};
    CHECK(parse_ahead(file, "x", nothing).error().code == Errc::unsupported);
    file[0] = std::byte{'X'};
    CHECK(parse_ahead(file, "x", nothing).error().code == Errc::malformed);
}

TEST_CASE("write-ahead: a file that is open is not another's to take, and one that is closed is") {
    const AheadFolder folder;
    auto mine = AheadFile::create(folder.path, "1-2.ahead", "collect");
    REQUIRE(mine);
    CHECK_FALSE(AheadFile::create(folder.path, "1-2.ahead", "collect"));
    CHECK(AheadFile::adopt(folder.path, "1-2.ahead").value() == nullptr);
    mine->reset();
    const auto found = AheadFile::adopt(folder.path, "1-2.ahead");
    REQUIRE(found);
    const auto& adopted = *found;
    REQUIRE(adopted);
    const auto bytes = adopted->read();
    REQUIRE(bytes);
    CHECK(parse_ahead(*bytes, "x", [](const AheadRecord&) {})->observer == "collect");
    adopted->remove();
    CHECK(AheadFile::adopt(folder.path, "1-2.ahead").value() == nullptr);
}

TEST_CASE("kept state: a new decoder reads by templates that came earlier, also when they have changed") {
    Watched old;
    old.feed(ipfix(0, template_of(256)));
    old.feed(ipfix(0, data_of(256, 1)));
    CHECK(old.records.size() == 1);
    auto fresh = old.again();
    CHECK(fresh.records.empty());  // templates only: no datum is kept that has been read
    fresh.feed(ipfix(1, data_of(256, 2)));
    CHECK(fresh.records.size() == 1);
}

TEST_CASE("kept state: data that wait for their template are kept until it comes, and then are not") {
    Watched old;
    old.feed(ipfix(0, data_of(256, 1)));
    CHECK(old.records.empty());
    auto fresh = old.again();
    fresh.feed(ipfix(1, template_of(256)));
    CHECK(fresh.records.size() == 1);
    old.feed(ipfix(1, template_of(256)));
    CHECK(old.records.size() == 1);
    auto later = old.again();
    later.feed(ipfix(1, template_of(256)));
    CHECK(later.records.empty());
}

TEST_CASE("kept state: data whose template is withdrawn in the same message do not wait") {
    Watched old;
    old.feed(ipfix(0, template_of(256)));
    ExportBytes withdrawal;
    withdrawal.u16(256).u16(0);
    ExportBytes sets;
    sets.add(data_of(256, 1).bytes()).add(export_set(2, withdrawal).bytes());
    old.feed(ipfix(0, sets));
    CHECK(old.records.size() == 1);
    auto fresh = old.again();
    fresh.feed(ipfix(1, template_of(256)));
    CHECK(fresh.records.empty());
}

TEST_CASE("kept state: a flood of templates is held to a mebibyte of one exporter") {
    Watched old;
    for (std::uint32_t i = 0; i < 20'000; ++i) { old.feed(ipfix(i, template_of(256 + i % 1700))); }
    const std::size_t kept = old.keeper.bytes();
    CHECK(kept <= std::size_t{1} << 20U);
    CHECK(kept > 100'000);
}

TEST_CASE("kept state: a flood of made-up senders is held to 16 mebibytes, and keeps none from being kept that comes after") {
    StateKeeper keeper;
    const read::ExportDecoder decoder;
    const auto message = ipfix(0, template_of(256));
    for (std::uint32_t i = 0; i < 100'000; ++i) { keeper.see({net::Address::v4(0x0a00'0000 + i), net::Port{2055}}, kAt, message.bytes(), decoder); }
    CHECK(keeper.bytes() <= std::size_t{16} << 20U);
    keeper.see(kSender, kAt, message.bytes(), decoder);
    CHECK(keeper.bytes() <= std::size_t{16} << 20U);
    bool kept = false;
    keeper.each([&](const net::Endpoint& sender, Time, std::span<const std::byte>) { kept = kept || sender == kSender; });
    CHECK(kept);
}
