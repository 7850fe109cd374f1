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
