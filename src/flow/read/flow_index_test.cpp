#include "flow/read/flow_index.hpp"

#include "flow/read/fragment.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using hw::flow::read::FlowIndex;

TEST_CASE("flow index: finds what was put in and not taken out, also where hashes clash") {
    std::mt19937_64 random(11);
    FlowIndex index;
    std::map<std::uint32_t, std::uint32_t> held;  // number → hash
    for (std::uint32_t step = 0; step < 50'000; ++step) {
        if (random() % 3 != 0 || held.empty()) {
            const auto hash = static_cast<std::uint32_t>(random() % 3000 * 0x1'0001);  // few values: long runs of clashes
            index.insert(hash, step);
            held[step] = hash;
        } else {
            auto victim = held.lower_bound(static_cast<std::uint32_t>(random() % step));
            if (victim == held.end()) { victim = held.begin(); }
            index.erase(victim->second, victim->first);
            held.erase(victim);
        }
        CHECK(index.size() == held.size());
        if (step % 500 == 0) {
            for (const auto& [number, hash] : held) {
                const std::uint32_t wanted = number;
                REQUIRE(index.find(hash, [&](std::uint32_t n) { return n == wanted; }) == wanted);
            }
        }
    }
    CHECK(index.find(0xdead'beef, [](std::uint32_t) { return true; }) == FlowIndex::kNone);
}

TEST_CASE("fragments: the newest are remembered, for a minute, whatever comes") {
    using namespace hw;
    using namespace hw::flow::read;
    FragmentTable table(5);
    const auto key = [](std::uint32_t id) { return FragmentKey{.source = net::Address::v4(1), .destination = net::Address::v4(2), .identification = id, .protocol = 17}; };
    const auto second = [](std::int64_t t) { return Time::from_micros(t * 1'000'000); };
    for (std::uint32_t id = 0; id < 100'000; ++id) { table.remember(key(id), {.source_port = static_cast<std::uint16_t>(id)}, second(100)); }
    CHECK_FALSE(table.find(key(99'999 - FragmentTable::kRemembered), second(100)));
    for (std::uint32_t id = 100'000 - FragmentTable::kRemembered; id < 100'000; ++id) {
        const auto head = table.find(key(id), second(160));
        REQUIRE(head);
        CHECK(head->source_port == static_cast<std::uint16_t>(id));
    }
    CHECK_FALSE(table.find(key(99'999), second(161)));
    CHECK_FALSE(table.find(key(99'999), second(39)));
}
