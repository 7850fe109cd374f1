#include "flow/read/conversations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

namespace {

using namespace hw;
using namespace hw::flow::read;

using Key = std::tuple<std::uint32_t, std::uint8_t, net::Endpoint, net::Endpoint>;

Key key_of(const ExportRecord& r) {
    net::Endpoint a{r.source, net::Port{r.source_port}};
    net::Endpoint b{r.destination, net::Port{r.destination_port}};
    if (b < a) { std::swap(a, b); }
    return {r.exporter, r.protocol, a, b};
}

std::vector<ExportRecord> records_of(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<ExportRecord> records(count);
    for (ExportRecord& r : records) {
        r.source = random() % 8 == 0 ? net::Address::v6(random() % 2, random() % 3) : net::Address::v4(static_cast<std::uint32_t>(random() % 5));
        r.destination = net::Address::v4(static_cast<std::uint32_t>(random() % 5));
        r.source_port = static_cast<std::uint16_t>(random() % 3);
        r.destination_port = static_cast<std::uint16_t>(random() % 30);
        r.protocol = random() % 2 == 0 ? 6 : 17;
        r.exporter = static_cast<std::uint32_t>(random() % 2);
        if (random() % 2 == 0) {
            std::swap(r.source, r.destination);
            std::swap(r.source_port, r.destination_port);
        }
    }
    return records;
}

TEST_CASE("conversations: each is given once, whole, in the order of its records, few records or many") {
    for (const std::size_t count : {0U, 1U, 300U, 4096U, 4097U, 20'000U}) {
        const auto records = records_of(count, count + 1);
        Conversations conversations;
        conversations.begin(records);
        std::set<Key> seen;
        std::size_t given = 0;
        bool whole = true;
        for (auto members = conversations.next(); !members.empty(); members = conversations.next()) {
            const Key key = key_of(records[members.front().place]);
            whole = whole && seen.insert(key).second && std::ranges::is_sorted(members, {}, &Conversations::Member::place);
            for (const auto& m : members) { whole = whole && key_of(records[m.place]) == key; }
            given += members.size();
        }
        CHECK(whole);
        CHECK(given == count);
    }
}

TEST_CASE("conversations: the two directions are told apart, and a host that speaks to itself has one") {
    std::vector<ExportRecord> records(3);
    records[0].source_port = 9;
    records[0].destination_port = 5;
    records[1].source_port = 5;
    records[1].destination_port = 9;
    records[2].source_port = records[2].destination_port = 7;
    Conversations conversations;
    conversations.begin(records);
    std::map<std::size_t, std::size_t> sizes;
    for (auto members = conversations.next(); !members.empty(); members = conversations.next()) {
        ++sizes[members.size()];
        if (members.size() == 2) { CHECK(members[0].upward != members[1].upward); }
    }
    CHECK(sizes == std::map<std::size_t, std::size_t>{{1, 1}, {2, 1}});
}

TEST_CASE("conversations: memory kept from one use does not show in the next") {
    Conversations used;
    const auto many = records_of(10'000, 5);
    used.begin(many);
    while (!used.next().empty()) {}
    const auto few = records_of(50, 6);
    Conversations fresh;
    fresh.begin(few);
    used.begin(few);
    for (auto a = fresh.next(), b = used.next(); !a.empty() || !b.empty(); a = fresh.next(), b = used.next()) {
        REQUIRE(a.size() == b.size());
        CHECK(a.front().place == b.front().place);
    }
}

}  // namespace
