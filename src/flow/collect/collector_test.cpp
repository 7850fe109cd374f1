#include "flow/collect/collector.hpp"

#include "flow/read/test_exports.hpp"
#include "flow/store/files.hpp"
#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::collect;
using namespace hw::flow::read::test;

namespace {

/// A folder that is gone afterwards.
struct Folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-collect-" + std::to_string(getpid()));
    Folder() { std::filesystem::remove_all(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

/// Sends from one address of 127.0.0.0/8 to a port.
class Exporter {
public:
    Exporter(std::uint32_t from, net::Port to) : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
        sockaddr_in mine{};
        mine.sin_family = AF_INET;
        mine.sin_addr.s_addr = htonl(from);
        sockaddr address{};
        std::memcpy(&address, &mine, sizeof mine);
        REQUIRE(bind(socket_, &address, sizeof mine) == 0);
        to_.sin_family = AF_INET;
        to_.sin_port = htons(net::number(to));
        to_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    ~Exporter() { close(socket_); }
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;
    void send(const ExportBytes& message) {
        sockaddr address{};
        std::memcpy(&address, &to_, sizeof to_);
        REQUIRE(sendto(socket_, message.bytes().data(), message.size(), 0, &address, sizeof to_) == static_cast<ssize_t>(message.size()));
    }

private:
    int socket_;
    sockaddr_in to_{};
};

/// One NetFlow v5 message of one record.
ExportBytes v5(std::uint32_t sequence, std::uint32_t source, std::uint64_t seconds = 1'416'823'200, std::uint64_t uptime = 100'000) {
    ExportBytes m;
    m.u16(5).u16(1).u32(uptime).u32(seconds).u32(0).u32(sequence).u32(0);
    m.u32(source).u32(0xc6336401).u32(0).u32(0).u32(10).u32(1000).u32(uptime - 2000).u32(uptime - 1000).u16(40'000).u16(443).u32(0x001b'0600).u64(0);
    return m;
}

CollectorOptions options_for(const std::string& folder) {
    CollectorOptions options;
    options.folder = folder;
    options.udp = {{net::Address::v4(0x7f000001), net::Port{}}};
    options.receive_buffer = std::size_t{4} << 20U;
    options.now = [] { return Time::from_micros(1'416'823'300'000'000); };
    return options;
}

/// A collector of these options, and an exporter that sends to it from 127.0.0.2.
struct Collecting {
    explicit Collecting(const CollectorOptions& options) : collector(must(Collector::start(options))), exporter(0x7f000002, port()) {}
    [[nodiscard]] net::Port port() const { return collector->status().listeners.at(0).address.port; }
    void send(std::uint32_t count, std::uint32_t first_source) {
        for (std::uint32_t i = 0; i < count; ++i) { exporter.send(v5(i, first_source + i)); }
    }
    std::unique_ptr<Collector> collector;
    Exporter exporter;

private:
    static std::unique_ptr<Collector> must(Result<std::unique_ptr<Collector>> started) {
        REQUIRE(started);
        return std::move(*started);
    }
};

void wait_for(const Collector& collector, std::uint64_t datagrams) {
    for (int i = 0; i < 500; ++i) {
        const auto status = collector.status();
        std::uint64_t came = 0;
        for (const auto& l : status.listeners) { came += l.datagrams; }
        if (came >= datagrams) { return; }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("the datagrams did not come");
}

std::uint64_t rows_in(const std::string& folder) {
    const auto store = store::Store::open(folder);
    return store ? (*store)->flows() : 0;
}

}  // namespace

TEST_CASE("collector: what exporters send lies in the store when it has ended, counted by exporter") {
    const Folder folder;
    auto collector = Collector::start(options_for(folder.path));
    REQUIRE(collector);
    const net::Port port = (*collector)->status().listeners.at(0).address.port;
    Exporter one(0x7f000002, port);
    Exporter two(0x7f000003, port);
    for (std::uint32_t i = 0; i < 100; ++i) { one.send(v5(i, 0x0a000000 + i)); }
    two.send(v5(0, 0x0a000001));
    two.send(v5(11, 0x0a000002));              // ten before it were lost
    two.send(v5(0, 0x0a000003, 1'416'823'200 + 7 * 86'400, 5'000));  // a restart, and a clock a week ahead
    wait_for(**collector, 103);
    const auto finished = (*collector)->finish(std::chrono::seconds(10));
    CHECK(finished.unsealed == 0);
    CHECK(finished.status.records == 103);
    CHECK(finished.status.sealed.flows == 103);
    CHECK(rows_in(folder.path) == 103);
    REQUIRE(finished.status.exporters.size() == 2);
    CHECK(finished.status.exporters[0].records == 100);
    CHECK(finished.status.exporters[0].lost == 0);
    CHECK(finished.status.exporters[1].lost == 10);
    CHECK(finished.status.exporters[1].restarts == 1);
    const auto store = store::Store::open(folder.path);
    REQUIRE(store);
    const std::set<std::string> names((*store)->observers().begin(), (*store)->observers().end());
    CHECK(names == std::set<std::string>{"collect/127.0.0.2", "collect/127.0.0.3"});
}

TEST_CASE("collector: the store is read while it is being filled, and grows with each seal") {
    const Folder folder;
    auto options = options_for(folder.path);
    options.lane.batch_records = 10;
    Collecting collecting(options);
    const auto& collector = collecting.collector;
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
        collecting.exporter.send(v5(i, 0x0a000000 + i));
        const std::uint64_t now = rows_in(folder.path);
        CHECK(now >= before);
        before = now;
    }
    for (int i = 0; i < 500 && collector->sealed().flows < 40; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK(rows_in(folder.path) >= 40);
    CHECK(collector->finish(std::chrono::seconds(10)).status.sealed.flows == 50);
    CHECK(rows_in(folder.path) == 50);
}

TEST_CASE("collector: beyond loopback it wants to know whom to believe") {
    const Folder folder;
    auto options = options_for(folder.path);
    options.udp = {{net::Address::v4(0), net::Port{}}};
    const auto refused = Collector::start(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::usage);
    CHECK(refused.error().hint.find("--exporter") != std::string::npos);
    options.lane.rules.allowed = {*net::parse_prefix("127.0.0.2/32")};
    auto collector = Collector::start(options);
    REQUIRE(collector);
    const net::Port port = (*collector)->status().listeners.at(0).address.port;
    Exporter known(0x7f000002, port);
    Exporter stranger(0x7f000003, port);
    known.send(v5(0, 1));
    for (std::uint32_t i = 0; i < 20; ++i) { stranger.send(v5(i, 2)); }
    wait_for(**collector, 21);
    const auto finished = (*collector)->finish(std::chrono::seconds(10));
    CHECK(finished.status.records == 1);
    CHECK(finished.status.strangers == 20);
    CHECK(finished.status.exporters.size() == 1);
}

TEST_CASE("collector: while another writes to the store it waits and loses nothing; what it cannot seal at the end it says") {
    const Folder folder;
    auto options = options_for(folder.path);
    options.lane.batch_records = 5;
    Collecting first(options);
    auto lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    first.send(50, 0x0a000000);
    wait_for(*first.collector, 50);
    for (int i = 0; i < 500 && !first.collector->sealed().trouble; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK(first.collector->sealed().trouble);
    lock->reset();
    CHECK(first.collector->finish(std::chrono::seconds(20)).unsealed == 0);
    CHECK(rows_in(folder.path) == 50);

    Collecting again(options);
    lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    again.send(7, 0x0b000000);
    wait_for(*again.collector, 7);
    const auto finished = again.collector->finish(Duration(0));
    CHECK(finished.unsealed == 0);
    CHECK(finished.left_ahead == 7);
    CHECK(rows_in(folder.path) == 50);
    lock->reset();

    options.write_ahead = false;  // what an earlier run wrote ahead is put in all the same
    Collecting third(options);
    for (int i = 0; i < 500 && third.collector->sealed().replayed < 7; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK(third.collector->finish(std::chrono::seconds(20)).status.sealed.replayed == 7);
    CHECK(rows_in(folder.path) == 57);
    Collecting fourth(options);
    lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    fourth.send(3, 0x0c000000);
    wait_for(*fourth.collector, 3);
    CHECK(fourth.collector->finish(Duration(0)).unsealed == 3);
    CHECK(rows_in(folder.path) == 57);
}

TEST_CASE("collector: a write-ahead that the manifest names is done with, and is not put in again") {
    const Folder folder;
    auto options = options_for(folder.path);
    Collecting first(options);
    first.send(5, 0x0a000000);
    wait_for(*first.collector, 5);
    std::string name;
    for (int i = 0; i < 500 && name.empty(); ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path)) {
            if (store::is_ahead_name(entry.path().filename().string())) { name = entry.path().filename(); }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    REQUIRE_FALSE(name.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::filesystem::copy_file(folder.path / name, folder.path / "kept");
    CHECK(first.collector->finish(std::chrono::seconds(20)).status.sealed.flows == 5);
    CHECK_FALSE(std::filesystem::exists(folder.path / name));
    std::filesystem::rename(folder.path / "kept", folder.path / name);  // as if killed between the manifest and the removal
    {
        Collecting second(options);
        CHECK(second.collector->finish(std::chrono::seconds(20)).status.sealed.replayed == 0);
    }
    CHECK(rows_in(folder.path) == 5);
    CHECK_FALSE(std::filesystem::exists(folder.path / name));
}

TEST_CASE("collector: an interface that is not there is an error that says so") {
    const Folder folder;
    auto options = options_for(folder.path);
    options.udp.clear();
    options.interfaces = {"headwater-none"};
    const auto refused = Collector::start(options);
    REQUIRE_FALSE(refused);
    CHECK((refused.error().code == Errc::not_found || refused.error().code == Errc::unreadable));
}
