#include "flow/collect/lane.hpp"

#include "flow/read/test_exports.hpp"
#include "flow/store/files.hpp"
#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::collect;
using namespace hw::flow::read::test;

namespace {

struct LaneFolder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-lane-" + std::to_string(getpid()));
    LaneFolder() {
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    ~LaneFolder() { std::filesystem::remove_all(path); }
    LaneFolder(const LaneFolder&) = delete;
    LaneFolder& operator=(const LaneFolder&) = delete;
};

UdpReceiver receiver() {
    auto opened = UdpReceiver::open({.address = net::Address::v4(0x7f000001), .port = net::Port{}}, {.receive_buffer = std::size_t{4} << 20U});
    REQUIRE(opened);
    return *std::move(opened);
}

/// Sends `count` NetFlow v5 messages of one record each.
void send_to(const net::Endpoint& where, std::uint32_t count) {
    const int out = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(net::number(where.port));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr address{};
    std::memcpy(&address, &in, sizeof in);
    for (std::uint32_t i = 0; i < count; ++i) {
        ExportBytes m;
        m.u16(5).u16(1).u32(100'000).u32(1'416'823'200).u32(0).u32(i).u32(0);
        m.u32(0x0a000000 + i).u32(0xc6336401).u32(0).u32(0).u32(10).u32(1000).u32(98'000).u32(99'000).u16(40'000).u16(443).u32(0x001b'0600).u64(0);
        REQUIRE(sendto(out, m.bytes().data(), m.size(), 0, &address, sizeof in) == static_cast<ssize_t>(m.size()));
    }
    close(out);
}

Time lane_time() { return Time::from_micros(1'416'823'200'000'000); }

}  // namespace

TEST_CASE("lane: what lies in the kernel's buffer when it is told to stop is taken in and sealed") {
    const LaneFolder folder;
    Sealer sealer(folder.path, "here", 2, lane_time);
    Lane lane(receiver(), {}, sealer);
    send_to(lane.address(), 300);
    lane.stop();
    static_cast<void>(sealer.finish());
    CollectorStatus status;
    lane.add_status(status);
    CHECK(status.records == 300);
    CHECK(status.queue_dropped == 0);
    CHECK(sealer.status().flows == 300);
}

TEST_CASE("lane: a write-ahead that is full is sealed, before the time and before there are many records") {
    const LaneFolder folder;
    Sealer sealer(folder.path, "here", 2, lane_time);
    LaneOptions options;
    options.ahead = AheadPlace{.folder = folder.path, .observer = "here", .name_begin = "1-2", .most_bytes = 5000};
    Lane lane(receiver(), options, sealer);
    send_to(lane.address(), 200);
    for (int i = 0; i < 500 && sealer.status().seals < 1; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK(sealer.status().seals >= 1);
    lane.stop();
    static_cast<void>(sealer.finish());
    CHECK(sealer.status().flows == 200);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path)) { CHECK_FALSE(store::is_ahead_name(entry.path().filename().string())); }
}

TEST_CASE("lane: where writing ahead is impossible it goes on without, and says how much was not written") {
    const LaneFolder folder;
    Sealer sealer(folder.path, "here", 2, lane_time);
    LaneOptions options;
    options.ahead = AheadPlace{.folder = folder.path / "none", .observer = "here", .name_begin = "1-2"};
    Lane lane(receiver(), options, sealer);
    send_to(lane.address(), 20);
    lane.stop();
    static_cast<void>(sealer.finish());
    CollectorStatus status;
    lane.add_status(status);
    CHECK(status.ahead.on);
    CHECK(status.ahead.unwritten == 20);
    CHECK(status.ahead.trouble);
    CHECK(sealer.status().flows == 20);
}

TEST_CASE("lane: datagrams for which the queue has no room are dropped and counted, by exporter") {
    const LaneFolder folder;
    Sealer sealer(folder.path, "here", 2, lane_time);
    LaneOptions options;
    options.queue_bytes = 100;  // less than two datagrams of one exporter
    Lane lane(receiver(), options, sealer);
    send_to(lane.address(), 10);
    lane.stop();
    static_cast<void>(sealer.finish());
    CollectorStatus status;
    lane.add_status(status);
    CHECK(status.queue_dropped == 10);
    REQUIRE(status.exporters.size() == 1);
    CHECK(status.exporters[0].queue_dropped == 10);
    CHECK(sealer.status().flows == 0);
}
