#include "net/prefix_map.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

namespace {

using hw::net::Address;
using hw::net::Prefix;
using hw::net::PrefixMap;

Prefix prefix(std::string_view text) { return hw::net::parse_prefix(text).value(); }
Address address(std::string_view text) { return hw::net::parse_address(text).value(); }

/// The definition: the longest of all that contain it, found by looking at all.
std::optional<std::pair<Prefix, int>> by_hand(const std::map<Prefix, int>& all, const Prefix& wanted) {
    std::optional<std::pair<Prefix, int>> best;
    for (const auto& [candidate, value] : all) {
        if (candidate.contains(wanted) && (!best || candidate.length() > best->first.length())) { best = {candidate, value}; }
    }
    return best;
}

/// Addresses that are near one another, so that prefixes nest and split in all ways.
Address near(std::mt19937_64& random) {
    const auto spread = [&] { return random() & random() & random(); };
    switch (random() % 3) {
        case 0: return Address::v4(0x0a000000U ^ static_cast<std::uint32_t>(spread()));
        case 1: return Address::v6(0x2001'0db8'0000'0000ULL ^ spread(), spread());
        default: return Address::v4(static_cast<std::uint32_t>(random() % 16));
    }
}

Prefix near_prefix(std::mt19937_64& random) {
    const Address a = near(random);
    return Prefix::make(a, static_cast<unsigned>(random() % (a.is_v4() ? 33 : 129))).value();
}

}  // namespace

TEST_CASE("prefix map: empty, it matches nothing") {
    const PrefixMap<int> map;
    CHECK(map.empty());
    CHECK_FALSE(map.longest_match(address("10.0.0.1")));
    CHECK(map.find(prefix("0.0.0.0/0")) == nullptr);
}

TEST_CASE("prefix map: the longest match wins, and families are kept apart") {
    PrefixMap<std::string> map;
    CHECK(map.insert_or_assign(prefix("10.0.0.0/8"), "eight"));
    CHECK(map.insert_or_assign(prefix("10.1.0.0/16"), "sixteen"));
    CHECK(map.insert_or_assign(prefix("0.0.0.0/0"), "all"));
    CHECK_FALSE(map.insert_or_assign(prefix("10.0.0.0/8"), "EIGHT"));
    CHECK(map.size() == 3);
    CHECK(*map.longest_match(address("10.1.2.3"))->value == "sixteen");
    CHECK(*map.longest_match(address("10.2.2.3"))->value == "EIGHT");
    CHECK(map.longest_match(address("11.2.2.3"))->prefix == prefix("0.0.0.0/0"));
    CHECK_FALSE(map.longest_match(address("2001:db8::1")));
    CHECK(*map.longest_match(prefix("10.0.0.0/7"))->value == "all");
    map[prefix("::/0")] = "six";
    CHECK(*map.longest_match(address("2001:db8::1"))->value == "six");
    CHECK(map.erase(prefix("10.1.0.0/16")));
    CHECK_FALSE(map.erase(prefix("10.1.0.0/16")));
    CHECK(*map.longest_match(address("10.1.2.3"))->value == "EIGHT");
}

TEST_CASE("prefix map: every length of one line of descent, put in either order") {
    for (const char* text : {"170.85.170.85", "2001:db8:aaaa:5555::1", "0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
        const Address a = address(text);
        const unsigned longest = a.is_v4() ? 32 : 128;
        for (const bool rising : {true, false}) {
            PrefixMap<unsigned> map;
            for (unsigned i = 0; i <= longest; ++i) {
                const unsigned length = rising ? i : longest - i;
                map.insert_or_assign(Prefix::make(a, length).value(), length);
            }
            CHECK(map.size() == longest + 1);
            unsigned next = 0;
            map.for_each_match(Prefix::host(a), [&](const Prefix& p, unsigned length) {
                CHECK(length == next++);
                CHECK(p.length() == length);
            });
            CHECK(next == longest + 1);
            for (unsigned length = longest; length > 0; --length) {
                REQUIRE(*map.longest_match(a)->value == length);
                REQUIRE(map.erase(Prefix::make(a, length).value()));
            }
        }
    }
}

TEST_CASE("prefix map: against looking at all, through random insertions and removals") {
    std::mt19937_64 random(11);
    for (int round = 0; round < 40; ++round) {
        PrefixMap<int> map;
        std::map<Prefix, int> all;
        for (int step = 0; step < 300; ++step) {
            const Prefix p = near_prefix(random);
            if (random() % 4 == 0 && !all.empty()) {
                const auto victim = std::next(all.begin(), static_cast<std::ptrdiff_t>(random() % all.size()));
                REQUIRE(map.erase(victim->first));
                all.erase(victim);
            } else {
                REQUIRE(map.insert_or_assign(p, step) == all.insert_or_assign(p, step).second);
            }
            REQUIRE(map.size() == all.size());
            const Prefix wanted = random() % 2 == 0 ? near_prefix(random) : Prefix::host(near(random));
            const auto found = map.longest_match(wanted);
            const auto expected = by_hand(all, wanted);
            REQUIRE(found.has_value() == expected.has_value());
            if (found) {
                REQUIRE(found->prefix == expected->first);
                REQUIRE(*found->value == expected->second);
            }
            const auto exact = all.find(wanted);
            const int* here = map.find(wanted);
            REQUIRE((here != nullptr) == (exact != all.end()));
        }
        // In order: IPv4 first, by address, then by length.
        std::vector<std::pair<Prefix, int>> listed;
        map.for_each([&](const Prefix& p, int value) { listed.emplace_back(p, value); });
        std::vector<std::pair<Prefix, int>> expected(all.begin(), all.end());
        std::ranges::stable_sort(expected, [](const auto& a, const auto& b) { return a.first.is_v4() && !b.first.is_v4(); });
        REQUIRE(listed == expected);
    }
}
