#include "flow/store/host_directory.hpp"

#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include <unistd.h>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::store;

constexpr std::int64_t kSecond = 1'000'000;

net::Address some_host(std::mt19937_64& random) {
    return random() % 10 == 0 ? net::Address::v6(0x2001'0db8'0000'0000, random() % 50) : net::Address::v4(0x0a00'0000 + static_cast<std::uint32_t>(random() % 2000));
}

std::vector<Flow> flows_of(std::mt19937_64& random, std::int64_t from, std::size_t count) {
    std::vector<Flow> flows(count);
    for (Flow& f : flows) {
        f.client = {some_host(random), net::Port{static_cast<std::uint16_t>(random() % 60'000)}};
        f.server = {some_host(random), net::Port{443}};
        f.protocol = Protocol::tcp;
        f.first = Time::from_micros((from + static_cast<std::int64_t>(random() % 60)) * kSecond);
        f.last = f.first + std::chrono::seconds(random() % 100);
        f.request = {.packets = 1, .bytes = 100};
        f.id = make_flow_id("a", f.client, f.server, f.protocol, f.first);
    }
    return flows;
}

/// A folder that goes with the test.
struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / ("hw-directory-" + std::to_string(::getpid()))).string();
    Folder() { std::filesystem::remove_all(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] std::vector<std::filesystem::path> directories() const {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(path)) {
            if (entry.path().extension() == kDirectoryEnd) { found.push_back(entry.path()); }
        }
        return found;
    }
};

const std::vector<std::string> kNames{"a"};

/// What every host's look-ups find, by going to all segments.
bool answers_are_whole(const Store& store, std::mt19937_64& random) {
    std::vector<HostWindow> asked;
    for (int i = 0; i < 300; ++i) {
        const Time from = Time::from_micros(static_cast<std::int64_t>(random() % 5000) * kSecond);
        asked.push_back({.host = i % 9 == 0 ? net::Address::v4(static_cast<std::uint32_t>(random())) : some_host(random), .window = {from, from + std::chrono::seconds(random() % 3000)}});
    }
    const auto together = store.look_up(asked);
    if (!together) { return false; }
    for (std::size_t i = 0; i < asked.size(); ++i) {
        std::vector<RowRef> expected;
        for (std::uint32_t s = 0; s < store.segments().size(); ++s) {
            std::vector<std::uint32_t> rows;
            if (!store.segments()[s]->rows_of(asked[i].host, asked[i].window, rows)) { return false; }
            for (const std::uint32_t row : rows) { expected.push_back({s, row}); }
        }
        std::vector<RowRef> alone;
        if (!store.look_up(asked[i].host, asked[i].window, alone) || alone != expected || (*together)[i] != expected) { return false; }
    }
    return true;
}

TEST_CASE("host directory: it names exactly the segments that hold a host") {
    std::mt19937_64 random(1);
    std::vector<std::vector<std::byte>> bytes;
    std::vector<std::shared_ptr<const Segment>> segments;
    std::vector<std::string> names;
    std::map<net::Address, std::uint64_t> expected;
    for (std::size_t s = 0; s < 64; ++s) {
        const auto flows = flows_of(random, static_cast<std::int64_t>(s) * 60, 40);
        for (const Flow& f : flows) {
            expected[f.client.address] |= std::uint64_t{1} << s;
            expected[f.server.address] |= std::uint64_t{1} << s;
        }
        bytes.push_back(write_segment(flows, kNames));
        names.push_back(std::to_string(s) + ".segment");
    }
    for (std::size_t s = 0; s < 64; ++s) { segments.push_back(Segment::parse(bytes[s], names[s]).value()); }
    const auto written = write_directory(segments, names);
    REQUIRE(written);
    const auto directory = HostDirectory::parse(*written, "test");
    REQUIRE(directory);
    CHECK((*directory)->segments().size() == 64);
    for (const auto& [host, holders] : expected) { CHECK((*directory)->holders(host) == holders); }
    CHECK((*directory)->holders(net::Address::v4(0x01020304)) == 0);
    CHECK((*directory)->holders(net::Address::v6(1, 1)) == 0);
    CHECK((*directory)->sound());
}

TEST_CASE("host directory: a flipped bit is found, and never hides a segment") {
    std::mt19937_64 random(2);
    const auto flows = flows_of(random, 0, 200);
    const auto bytes = write_segment(flows, kNames);
    const std::vector<std::shared_ptr<const Segment>> segments{Segment::parse(bytes, "s").value()};
    const std::vector<std::string> names{"s"};
    const auto whole = write_directory(segments, names).value();
    for (std::size_t at = 0; at < whole.size(); at += 7) {
        auto flipped = whole;
        flipped[at] ^= std::byte{4};
        const auto directory = HostDirectory::parse(flipped, "test");
        if (!directory) { continue; }
        CHECK_FALSE((*directory)->sound());
        for (const Flow& f : flows) { CHECK(((*directory)->holders(f.client.address) & 1U) == 1); }
    }
    for (std::size_t size = 0; size < whole.size(); size += 61) { CHECK_FALSE(HostDirectory::parse(std::span(whole).first(size), "test")); }
}

TEST_CASE("host directory: a store answers the same with it, also when segments have come and gone, and without") {
    std::mt19937_64 random(3);
    const Folder folder;
    const auto add = [&](int from, int to) {
        for (int s = from; s < to; ++s) { REQUIRE(add_flows(folder.path, flows_of(random, s * 60, 30), kNames, {})); }
    };
    add(0, 31);
    keep_directories(folder.path);
    CHECK(folder.directories().empty());  // too few to be worth it
    add(31, 70);
    keep_directories(folder.path);
    CHECK(folder.directories().size() == 1);
    {
        const auto store = Store::open(folder.path);
        REQUIRE(store);
        CHECK((*store)->in_directory(0));
        CHECK_FALSE((*store)->in_directory(69));
        CHECK(answers_are_whole(**store, random));
        std::vector<std::uint32_t> found;
        (*store)->segments_with(net::Address::v4(0x01020304), {Time::from_micros(0), Time::from_micros(100'000 * kSecond)}, found);
        CHECK(found.size() == 6);  // those that no directory tells of
    }
    REQUIRE(retain_store(folder.path, {.since = Time::from_micros(20 * 60 * kSecond), .bytes = {}}));
    CHECK(answers_are_whole(**Store::open(folder.path), random));
    {
        const auto path = folder.directories().front();
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(-20, std::ios::end);
        file.put('\x55');
    }
    CHECK(answers_are_whole(**Store::open(folder.path), random));
    const auto check = check_store(folder.path);
    REQUIRE(check);
    REQUIRE(check->damages.size() == 1);
    CHECK(check->damages.front().file.ends_with(kDirectoryEnd));
    drop_damaged_directories(folder.path);
    CHECK(folder.directories().empty());
    keep_directories(folder.path);
    CHECK(folder.directories().size() == 1);
    CHECK(check_store(folder.path)->damages.empty());
    REQUIRE(compact_store(folder.path));  // one segment now: the directory tells of none that is there
    keep_directories(folder.path);
    CHECK(folder.directories().empty());
    CHECK(answers_are_whole(**Store::open(folder.path), random));
}

TEST_CASE("host directory: after a manifest was restored from a copy, what was noted of segments that came later holds of none that are made now") {
    std::mt19937_64 random(4);
    const Folder folder;
    for (int s = 0; s < 10; ++s) { REQUIRE(add_flows(folder.path, flows_of(random, s * 60, 30), kNames, {})); }
    const std::filesystem::path manifest = std::filesystem::path(folder.path) / kManifestFile;
    const std::filesystem::path copy = folder.path + "-manifest";
    std::filesystem::copy_file(manifest, copy, std::filesystem::copy_options::overwrite_existing);
    for (int s = 10; s < 40; ++s) { REQUIRE(add_flows(folder.path, flows_of(random, s * 60, 30), kNames, {})); }
    keep_directories(folder.path);
    REQUIRE(folder.directories().size() == 1);
    std::filesystem::rename(copy, manifest);
    for (int s = 10; s < 40; ++s) { REQUIRE(add_flows(folder.path, flows_of(random, s * 60, 30), kNames, {})); }
    const auto store = Store::open(folder.path);
    REQUIRE(store);
    CHECK((*store)->in_directory(0));
    CHECK_FALSE((*store)->in_directory(20));
    CHECK(answers_are_whole(**store, random));
}

}  // namespace
