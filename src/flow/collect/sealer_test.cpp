#include "flow/collect/sealer.hpp"

#include "flow/store/files.hpp"
#include "flow/store/store.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::collect;

namespace {

struct SealedFolder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("headwater-sealer-" + std::to_string(getpid()));
    SealedFolder() { std::filesystem::remove_all(path); }
    ~SealedFolder() { std::filesystem::remove_all(path); }
    SealedFolder(const SealedFolder&) = delete;
    SealedFolder& operator=(const SealedFolder&) = delete;
};

const Time kSealTime = Time::from_micros(1'416'823'200'000'000);

/// Records of conversations that are each other's strangers.
Batch batch_of(std::uint32_t count, std::uint32_t first_source) {
    Batch batch;
    batch.records = count;
    batch.exporters = {net::Address::v4(0xc0000201)};
    batch.rates = {0};
    batch.exported.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        read::ExportRecord r;
        r.source = net::Address::v4(first_source + i);
        r.destination = net::Address::v4(0xc6336401);
        r.first = kSealTime;
        r.last = kSealTime + std::chrono::seconds(1);
        r.packets = 10;
        r.bytes = 1000;
        r.source_port = 40'000;
        r.destination_port = 443;
        r.protocol = 6;
        batch.exported.push_back(r);
    }
    return batch;
}

std::uint64_t rows_of(const SealedFolder& folder) {
    const auto store = store::Store::open(folder.path);
    return store ? (*store)->flows() : 0;
}

Time at_sealing() { return kSealTime; }

}  // namespace

TEST_CASE("sealer: each batch is one change to the store, counted, with the time of the last") {
    const SealedFolder folder;
    Sealer sealer(folder.path, "here", 2, at_sealing);
    sealer.submit(batch_of(5, 0x0a000000));
    sealer.submit(batch_of(3, 0x0b000000));
    const auto given_up = sealer.finish();
    CHECK(given_up.lost + given_up.kept == 0);
    const auto status = sealer.status();
    CHECK(status.seals == 2);
    CHECK(status.records == 8);
    CHECK(status.flows == 8);
    CHECK(status.last == kSealTime);
    CHECK_FALSE(status.trouble);
    const auto store = store::Store::open(folder.path);
    REQUIRE(store);
    CHECK((*store)->segments().size() == 2);
    CHECK((*store)->observers().front() == "here/192.0.2.1");
}

TEST_CASE("sealer: what cannot be sealed is tried again until it can be, and is sealed once") {
    const SealedFolder folder;
    auto lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    Sealer sealer(folder.path, "here", 2, at_sealing);
    sealer.submit(batch_of(5, 0x0a000000));
    for (int i = 0; i < 500 && !sealer.status().trouble; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK(sealer.status().trouble->code == Errc::refused);
    lock->reset();
    const auto given_up = sealer.finish();
    CHECK(given_up.lost == 0);
    CHECK(rows_of(folder) == 5);
    CHECK(sealer.status().seals == 1);
    CHECK_FALSE(sealer.status().trouble);
}

TEST_CASE("sealer: whoever submits waits while as many batches as may are waiting") {
    const SealedFolder folder;
    auto lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    Sealer sealer(folder.path, "here", 1, at_sealing);
    sealer.submit(batch_of(1, 1));
    std::atomic<bool> through = false;
    std::jthread other([&] {
        sealer.submit(batch_of(1, 2));
        through = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK_FALSE(through);
    lock->reset();
    other.join();
    CHECK(through);
    static_cast<void>(sealer.finish());
    CHECK(rows_of(folder) == 2);
}

TEST_CASE("sealer: what is given up is counted as lost, or as kept where it was written ahead") {
    const SealedFolder folder;
    auto lock = store::WriteLock::take(folder.path);
    REQUIRE(lock);
    Sealer sealer(folder.path, "here", 3, at_sealing);
    sealer.submit(batch_of(4, 1));
    auto written = batch_of(6, 100);
    auto file = AheadFile::create(folder.path, "1.ahead", "here");
    REQUIRE(file);
    written.ahead = *std::move(file);
    sealer.submit(std::move(written));
    sealer.give_up_after(Duration(0));
    const auto given_up = sealer.finish();
    CHECK(given_up.lost == 4);
    CHECK(given_up.kept == 6);
    CHECK(std::filesystem::exists(folder.path / "1.ahead"));
    CHECK(rows_of(folder) == 0);
}

TEST_CASE("sealer: with the seal the write-ahead goes, and the manifest names it until then") {
    const SealedFolder folder;
    { REQUIRE(store::WriteLock::take(folder.path)); }
    Sealer sealer(folder.path, "here", 2, at_sealing);
    auto written = batch_of(2, 1);
    auto file = AheadFile::create(folder.path, "1.ahead", "here");
    REQUIRE(file);
    written.ahead = *std::move(file);
    written.replayed = true;
    sealer.submit(std::move(written));
    for (int i = 0; i < 500 && sealer.status().seals < 1; ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    CHECK_FALSE(std::filesystem::exists(folder.path / "1.ahead"));
    const auto during = store::read_manifest(folder.path);
    REQUIRE(during);
    CHECK(during->ahead == std::vector<std::string>{"1.ahead"});
    sealer.submit(batch_of(1, 50));
    static_cast<void>(sealer.finish());
    const auto after = store::read_manifest(folder.path);
    REQUIRE(after);
    CHECK(after->ahead.empty());  // with the next change, as the file has gone
    CHECK(sealer.status().replayed == 2);
    CHECK(sealer.status().records == 1);
}
