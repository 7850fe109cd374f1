#include "flow/store/files.hpp"
#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::store;

/// A store of three segments of 50 flows, in a folder that goes with the test.
struct ThreeSegments {
    std::string folder = (std::filesystem::temp_directory_path() / ("hw-check-" + std::to_string(::getpid()))).string();
    Manifest manifest;

    ThreeSegments() {
        std::filesystem::remove_all(folder);
        const std::vector<std::string> names{"a"};
        for (int s = 0; s < 3; ++s) {
            std::vector<Flow> flows(50);
            for (std::size_t i = 0; i < flows.size(); ++i) {
                Flow& f = flows[i];
                f.client = {net::Address::v4(0x0a00'0001U + static_cast<std::uint32_t>(i)), net::Port{4000}};
                f.server = {net::Address::v4(0xc633'6401U), net::Port{443}};
                f.protocol = Protocol::tcp;
                f.first = Time::from_micros((s * 1000 + static_cast<std::int64_t>(i)) * 1'000'000);
                f.last = f.first;
                f.request = {.packets = 1, .bytes = 100};
                f.id = make_flow_id("a", f.client, f.server, f.protocol, f.first);
            }
            REQUIRE(add_flows(folder, flows, names, {}));
        }
        auto read = read_manifest(folder);
        REQUIRE(read);
        manifest = *std::move(read);
        REQUIRE(manifest.segments.size() == 3);
    }
    ~ThreeSegments() { std::filesystem::remove_all(folder); }
    ThreeSegments(const ThreeSegments&) = delete;
    ThreeSegments& operator=(const ThreeSegments&) = delete;

    [[nodiscard]] std::string path(std::size_t segment) const { return folder + "/" + manifest.segments[segment].file; }
};

}  // namespace

TEST_CASE("check_store: what was written and left alone is sound, and counted whole") {
    const ThreeSegments store;
    const auto check = check_store(store.folder);
    REQUIRE(check);
    CHECK(check->damages.empty());
    CHECK(check->segments == 3);
    CHECK(check->flows == 150);
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < 3; ++i) { bytes += std::filesystem::file_size(store.path(i)); }
    CHECK(check->bytes == bytes);
}

TEST_CASE("check_store: a flipped bit is named by file, and no other segment is blamed") {
    const ThreeSegments store;
    std::fstream file(store.path(1), std::ios::in | std::ios::out | std::ios::binary);
    const auto at = static_cast<std::streamoff>(std::filesystem::file_size(store.path(1)) / 2);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 0x10));
    file.close();
    const auto check = check_store(store.folder);
    REQUIRE(check);
    REQUIRE(check->damages.size() == 1);
    CHECK(check->damages[0].file == store.manifest.segments[1].file);
}

TEST_CASE("check_store: a segment that is gone, cut short or another's is named, and the rest is still checked") {
    const ThreeSegments store;
    SUBCASE("gone") { std::filesystem::remove(store.path(0)); }
    SUBCASE("cut short") { std::filesystem::resize_file(store.path(0), std::filesystem::file_size(store.path(0)) - 1); }
    SUBCASE("another's") { std::filesystem::copy_file(store.path(2), store.path(0), std::filesystem::copy_options::overwrite_existing); }
    const auto check = check_store(store.folder);
    REQUIRE(check);
    CHECK(check->segments == 3);
    REQUIRE(!check->damages.empty());
    for (const StoreDamage& damage : check->damages) { CHECK(damage.file == store.manifest.segments[0].file); }
}

TEST_CASE("check_store: without a manifest there is nothing to check, and that is an error") {
    const ThreeSegments store;
    std::filesystem::remove(store.folder + "/manifest");
    CHECK(!check_store(store.folder));
}

TEST_CASE("a store whose manifest is damaged, empty or gone is not taken for a new one: nothing of it is removed") {
    for (const int kind : {0, 1, 2}) {
        const ThreeSegments store;
        const std::string manifest = store.folder + "/" + std::string(kManifestFile);
        if (kind == 0) { std::fstream(manifest, std::ios::in | std::ios::out | std::ios::binary).put('x'); }
        if (kind == 1) { std::filesystem::resize_file(manifest, 0); }
        if (kind == 2) { std::filesystem::remove(manifest); }
        const std::vector<std::string> names{"a"};
        const std::vector<Flow> flows(1);
        CHECK_FALSE(add_flows(store.folder, flows, names, {}));
        CHECK_FALSE(import_inputs(store.folder, names, "", {}));
        CHECK_FALSE(compact_store(store.folder));
        CHECK_FALSE(repair_store(store.folder));
        for (std::size_t s = 0; s < 3; ++s) { CHECK(std::filesystem::exists(store.path(s))); }
        CHECK(is_store(store.folder) == (kind != 2));
    }
}

TEST_CASE("repair_store: a segment that a later version wrote is left alone") {
    const ThreeSegments store;
    {
        std::fstream file(store.path(1), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(8);
        file.put('\x63');
    }
    const auto repair = repair_store(store.folder);
    REQUIRE_FALSE(repair);
    CHECK(repair.error().code == Errc::unsupported);
    CHECK((read_manifest(store.folder).value() == store.manifest));
    for (std::size_t s = 0; s < 3; ++s) { CHECK(std::filesystem::exists(store.path(s))); }
}

TEST_CASE("a store of more observers than can be told apart says so instead of naming wrong ones, before and after it is compacted") {
    const std::string folder = (std::filesystem::temp_directory_path() / ("hw-observers-" + std::to_string(::getpid()))).string();
    std::filesystem::remove_all(folder);
    constexpr std::size_t kEach = 22'000;
    for (std::size_t part = 0; part < 4; ++part) {
        std::vector<std::string> names;
        std::vector<Flow> flows(kEach);
        names.reserve(kEach);
        for (std::size_t i = 0; i < kEach; ++i) {
            names.push_back("o" + std::to_string(part * kEach + i));
            Flow& f = flows[i];
            f.observer = static_cast<ObserverId>(i);
            f.client = {net::Address::v4(static_cast<std::uint32_t>(part * kEach + i)), net::Port{4000}};  // tells its observer
            f.server = {net::Address::v4(0xc633'6401U), net::Port{443}};
            f.first = f.last = Time::from_micros(static_cast<std::int64_t>(part * kEach + i));
            f.request = {.packets = 1, .bytes = 1};
        }
        REQUIRE(add_flows(folder, flows, names, {}));
    }
    for (const bool compacted : {false, true}) {
        if (compacted) { REQUIRE(compact_store(folder)); }
        const auto store = Store::open(folder);
        REQUIRE(store);
        std::size_t named = 0;
        std::size_t wrong = 0;
        for (std::uint32_t s = 0; s < (*store)->segments().size(); ++s) {
            for (std::uint32_t row = 0; row < (*store)->segments()[s]->facts().rows; ++row) {
                const auto flow = (*store)->flow({s, row});
                REQUIRE(flow);
                const std::string& name = (*store)->observers()[static_cast<std::size_t>(flow->observer)];
                if (name == "o" + std::to_string(flow->client.address.v4_bits())) { ++named; }
                else if (name != kOtherObservers) { ++wrong; }
            }
        }
        CHECK(named == kMostObservers);
        CHECK(wrong == 0);
        CHECK((*store)->flows() == 4 * kEach);
    }
    std::filesystem::remove_all(folder);
}
