#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::store;

struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / ("hw-repair-" + std::to_string(::getpid()))).string();
    Folder() { std::filesystem::remove_all(path); }
    ~Folder() { std::filesystem::remove_all(path); }
};

std::vector<Flow> some_flows(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<Flow> flows(count);
    for (Flow& f : flows) {
        f.client = {net::Address::v4(0x0a000000 + static_cast<std::uint32_t>(random() % 200)), net::Port{static_cast<std::uint16_t>(random() % 60'000)}};
        f.server = {net::Address::v4(0xc6336400 + static_cast<std::uint32_t>(random() % 50)), net::Port{443}};
        f.protocol = Protocol::tcp;
        f.first = f.last = Time::from_micros(static_cast<std::int64_t>(random() % 1'000'000'000));
        f.request = {.packets = random() % 1'000'000, .bytes = random()};
        f.id = make_flow_id("a", f.client, f.server, f.protocol, f.first);
    }
    return flows;
}

void flip(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at, at < 0 ? std::ios::end : std::ios::beg);
    const auto place = file.tellg();
    char byte = 0;
    file.get(byte);
    file.seekp(place);
    file.put(static_cast<char>(byte ^ 8));
}

const std::vector<std::string> kNames{"a"};

TEST_CASE("store repair: what can be read stays, what cannot is told, and the damaged file is kept") {
    const Folder folder;
    REQUIRE(add_flows(folder.path, some_flows(3000, 1), kNames, {}));
    REQUIRE(add_flows(folder.path, some_flows(500, 2), kNames, {}));
    REQUIRE(add_flows(folder.path, some_flows(700, 3), kNames, {}));
    const auto live = read_manifest(folder.path).value().segments;
    REQUIRE(live.size() == 3);
    const std::string first = folder.path + "/" + live[0].file;
    const std::string third = folder.path + "/" + live[2].file;
    flip(first, -9000);  // in its rows
    flip(third, 40);     // in its front: nothing of it can be read
    REQUIRE(check_store(folder.path)->damages.size() >= 2);

    const auto repair = repair_store(folder.path);
    REQUIRE(repair);
    REQUIRE(repair->segments.size() == 2);
    CHECK(repair->segments[0].file == live[0].file);
    CHECK(repair->segments[0].flows_before == 3000);
    CHECK(repair->segments[0].flows > 1000);
    CHECK(repair->segments[0].flows < 3000);
    CHECK(repair->segments[0].written == read_manifest(folder.path).value().segments[0].file);
    CHECK(repair->segments[1].flows == 0);
    CHECK(repair->segments[1].written.empty());
    CHECK(std::filesystem::exists(first + ".damaged"));
    CHECK(std::filesystem::exists(third + ".damaged"));
    CHECK_FALSE(std::filesystem::exists(first));

    const auto check = check_store(folder.path);
    REQUIRE(check);
    CHECK(check->damages.empty());
    CHECK(check->flows == repair->segments[0].flows + 500);
    REQUIRE(add_flows(folder.path, some_flows(10, 4), kNames, {}));  // goes on as ever
    CHECK(std::filesystem::exists(first + ".damaged"));
}

TEST_CASE("store repair: a sound store stays as it is, and a segment that is gone is told") {
    const Folder folder;
    REQUIRE(add_flows(folder.path, some_flows(300, 1), kNames, {}));
    REQUIRE(add_flows(folder.path, some_flows(200, 2), kNames, {}));
    const auto before = read_manifest(folder.path).value();
    CHECK(repair_store(folder.path)->segments.empty());
    CHECK((read_manifest(folder.path).value() == before));
    std::filesystem::remove(folder.path + "/" + before.segments[1].file);
    const auto repair = repair_store(folder.path);
    REQUIRE(repair);
    REQUIRE(repair->segments.size() == 1);
    CHECK(repair->segments[0].flows_before == 200);
    CHECK(repair->segments[0].flows == 0);
    CHECK(repair->segments[0].aside.empty());
    CHECK(check_store(folder.path)->damages.empty());
    CHECK(Store::open(folder.path).has_value());
}

}  // namespace
