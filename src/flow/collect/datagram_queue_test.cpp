#include "flow/collect/datagram_queue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace hw;
using namespace hw::flow::collect;

namespace {

const std::vector<std::byte> kThousand(1000, std::byte{7});

bool offer(DatagramQueue& queue, std::uint32_t exporter, std::span<const std::byte> bytes = kThousand) {
    return queue.offer({.sender = {}, .at = {}, .exporter = exporter}, bytes);
}

}  // namespace

TEST_CASE("datagram queue: what goes in comes out, in order, once") {
    DatagramQueue queue(std::size_t{8} << 20U);
    for (std::uint32_t i = 0; i < 1000; ++i) {
        const std::vector<std::byte> bytes(i, static_cast<std::byte>(i & 0xffU));
        REQUIRE(offer(queue, i, bytes));
    }
    queue.close();
    DatagramChunk chunk;
    std::uint32_t next = 0;
    while (queue.take(chunk, Duration(0))) {
        for (const auto& d : chunk.datagrams) {
            CHECK(d.exporter == next);
            const auto bytes = chunk.bytes_of(d);
            CHECK(bytes.size() == next);
            CHECK((bytes.empty() || bytes.back() == static_cast<std::byte>(next & 0xffU)));
            ++next;
        }
    }
    CHECK(next == 1000);
    CHECK(queue.ended());
    CHECK(queue.held() == 0);
    CHECK_FALSE(offer(queue, 1));
}

TEST_CASE("datagram queue: one exporter alone gets half of it, and the others always find room") {
    DatagramQueue queue(std::size_t{1} << 20U);
    std::size_t flood = 0;
    while (offer(queue, 0)) { ++flood; }
    CHECK(flood > 450);
    CHECK(flood < 550);
    for (std::uint32_t other = 1; other < 5; ++other) {
        std::size_t got = 0;
        for (int i = 0; i < 20; ++i) { got += offer(queue, other) ? 1U : 0U; }
        CHECK(got == 20);
    }
    CHECK_FALSE(offer(queue, 0));
    CHECK(queue.held() <= std::size_t{1} << 20U);
    DatagramChunk chunk;
    while (queue.take(chunk, Duration(0))) {}
    CHECK(offer(queue, 0));
}

TEST_CASE("datagram queue: a taker that waits is woken by what comes, and by the end") {
    DatagramQueue queue(std::size_t{1} << 20U);
    std::size_t got = 0;
    {
        const std::jthread taker([&] {
            DatagramChunk chunk;
            while (!queue.ended()) {
                if (queue.take(chunk, std::chrono::seconds(60))) { got += chunk.datagrams.size(); }
            }
        });
        for (int i = 0; i < 100; ++i) {
            while (!offer(queue, 0)) { std::this_thread::yield(); }
        }
        queue.close();
    }
    CHECK(got == 100);
}
