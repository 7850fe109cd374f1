#include "net/longest_match.hpp"

#include "net/prefix_map.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace {

using hw::net::Address;
using hw::net::LongestMatch;
using hw::net::Prefix;
using hw::net::PrefixMap;

Prefix prefix(std::string_view text) { return hw::net::parse_prefix(text).value(); }
Address address(std::string_view text) { return hw::net::parse_address(text).value(); }

std::vector<Prefix> prefixes(std::initializer_list<std::string_view> texts) {
    std::vector<Prefix> made;
    made.reserve(texts.size());
    for (const std::string_view text : texts) { made.push_back(prefix(text)); }
    return made;
}

/// The next address of the family, or the one before; round at the ends.
Address next(const Address& a, bool up) {
    if (a.is_v4()) { return Address::v4(up ? a.v4_bits() + 1 : a.v4_bits() - 1); }
    const std::uint64_t low = up ? a.low() + 1 : a.low() - 1;
    const bool over = low == (up ? 0 : ~std::uint64_t{0});
    return Address::v6(over ? (up ? a.high() + 1 : a.high() - 1) : a.high(), low);
}

Address last_of(const Prefix& p) {
    const Address& a = p.address();
    if (p.is_v4()) { return Address::v4(p.length() == 0 ? ~0U : a.v4_bits() | static_cast<std::uint32_t>(0xffff'ffffULL >> p.length())); }
    const auto ones = [](unsigned from) { return from >= 64 ? std::uint64_t{0} : ~std::uint64_t{0} >> from; };
    return Address::v6(a.high() | ones(p.length()), p.length() <= 64 ? ~std::uint64_t{0} : a.low() | ones(p.length() - 64));
}

/// First and last address of each prefix, their neighbours, and some drawn within.
std::vector<Address> asked_of(std::span<const Prefix> all, std::mt19937_64& random) {
    std::vector<Address> asked{Address::v4(0), Address::v4(~0U), Address(), Address::v6(~std::uint64_t{0}, ~std::uint64_t{0}), Address::v6(0, 0xfffe'ffff'ffffULL), Address::v6(0, 0x1'0000'0000'0000ULL)};
    asked.reserve(asked.size() + 5 * all.size());
    for (const Prefix& p : all) {
        const Address last = last_of(p);
        const Address& first = p.address();
        asked.insert(asked.end(), {first, last, next(first, false), next(last, true)});
        const std::uint64_t high = first.high() | (random() & (first.high() ^ last.high()));
        asked.push_back(Address::v6(high, first.low() | (random() & (first.low() ^ last.low()))));
    }
    return asked;
}

/// Holds the table to the trie: alone, in a batch of both families, in one of IPv4 alone, and by every kernel.
void check_against_map(std::span<const Prefix> all, std::span<const Address> asked) {
    PrefixMap<std::uint32_t> map;
    for (std::size_t i = 0; i < all.size(); ++i) { map.insert_or_assign(all[i], static_cast<std::uint32_t>(i)); }
    const LongestMatch table = LongestMatch::build(all).value();
    std::vector<std::uint32_t> batch(asked.size());
    table.find(asked, batch);
    std::vector<std::uint32_t> v4;
    std::vector<std::uint32_t> v4_wanted;
    v4.reserve(asked.size());
    v4_wanted.reserve(asked.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto match = map.longest_match(asked[i]);
        const std::uint32_t wanted = match ? *match->value : LongestMatch::kNone;
        if ((table.find(asked[i]) != wanted || batch[i] != wanted) && ++wrong == 1) {
            INFO(hw::net::to_string(asked[i]));
            CHECK(table.find(asked[i]) == wanted);
            CHECK(batch[i] == wanted);
        }
        if (asked[i].is_v4()) {
            v4.push_back(asked[i].v4_bits());
            v4_wanted.push_back(wanted);
        }
    }
    CHECK(wrong == 0);
    std::vector<std::uint32_t> v4_found(v4.size());
    table.find(v4, v4_found);
    CHECK(v4_found == v4_wanted);
    const hw::net::RunBitmap bitmap(hw::net::match_runs(all, true));
    for (const auto& kernel : hw::net::RunBitmap::kernels()) {
        INFO(kernel.name);
        std::ranges::fill(v4_found, 7);
        bitmap.find(v4, v4_found, kernel);
        CHECK(v4_found == v4_wanted);
        if (bitmap.bytes() > 0) {
            for (std::size_t i = 0; i < v4.size(); ++i) { v4_found[i] = kernel.one(bitmap, v4[i]); }
            CHECK(v4_found == v4_wanted);
        }
    }
}

/// Prefixes near one another, so that they nest and touch in all ways.
Prefix near_prefix(std::mt19937_64& random, unsigned shortest) {
    const std::uint64_t spread = random() & random() & random();
    switch (random() % 3) {
        case 0: return Prefix::make(Address::v4(0x0a00'0000U ^ static_cast<std::uint32_t>(spread)), shortest + static_cast<unsigned>(random() % (33 - shortest))).value();
        case 1: return Prefix::make(Address::v4(0xffff'ff00U | static_cast<std::uint32_t>(random())), shortest + static_cast<unsigned>(random() % (33 - shortest))).value();
        default: return Prefix::make(Address::v6(0x2001'0db8'0000'0000ULL ^ spread, random() & random() & random()), shortest + static_cast<unsigned>(random() % (129 - shortest))).value();
    }
}

}  // namespace

TEST_CASE("longest match: without prefixes it finds nothing") {
    const LongestMatch none;
    CHECK(none.find(address("10.0.0.1")) == LongestMatch::kNone);
    CHECK(none.find(address("2001:db8::1")) == LongestMatch::kNone);
    CHECK(LongestMatch::build({}).value().bytes() == 0);
    check_against_map({}, std::array{address("0.0.0.0"), address("::"), address("255.255.255.255")});
}

TEST_CASE("longest match: a value is the place of the longest prefix in the list, in any order") {
    const auto all = prefixes({"10.1.0.0/16", "0.0.0.0/0", "10.0.0.0/8", "2001:db8::/32", "10.1.2.3/32", "2001:db8::1/128"});
    const LongestMatch table = LongestMatch::build(all).value();
    CHECK(table.find(address("10.1.2.3")) == 4);
    CHECK(table.find(address("10.1.2.4")) == 0);
    CHECK(table.find(address("10.2.0.0")) == 2);
    CHECK(table.find(address("11.0.0.0")) == 1);
    CHECK(table.find(address("2001:db8::1")) == 5);
    CHECK(table.find(address("2001:db8::2")) == 3);
    CHECK(table.find(address("2001:db9::")) == LongestMatch::kNone);
}

TEST_CASE("longest match: of equal prefixes the last counts") {
    const auto all = prefixes({"10.0.0.0/8", "2001:db8::/32", "10.0.0.0/8", "10.0.0.0/9", "2001:db8::/32", "10.0.0.0/9"});
    const LongestMatch table = LongestMatch::build(all).value();
    CHECK(table.find(address("10.0.0.1")) == 5);
    CHECK(table.find(address("10.128.0.1")) == 2);
    CHECK(table.find(address("2001:db8::1")) == 4);
}

TEST_CASE("longest match: families are kept apart") {
    const LongestMatch only_v6 = LongestMatch::build(prefixes({"::/0"})).value();
    CHECK(only_v6.find(address("10.0.0.1")) == LongestMatch::kNone);
    CHECK(only_v6.find(address("::fffe:0:1")) == 0);
    const LongestMatch only_v4 = LongestMatch::build(prefixes({"0.0.0.0/0"})).value();
    CHECK(only_v4.find(address("10.0.0.1")) == 0);
    CHECK(only_v4.find(address("::fffe:0:1")) == LongestMatch::kNone);
}

TEST_CASE("longest match: every length of one line of descent, at both ends and in the middle of the addresses") {
    std::mt19937_64 random(1);
    for (const char* text : {"170.85.170.85", "2001:db8:aaaa:5555::1", "0.0.0.0", "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
        const Address a = address(text);
        std::vector<Prefix> all;
        all.reserve(129);
        for (unsigned length = 0; length <= (a.is_v4() ? 32U : 128U); ++length) { all.push_back(Prefix::make(a, length).value()); }
        check_against_map(all, asked_of(all, random));
        std::ranges::reverse(all);
        check_against_map(all, asked_of(all, random));
        for (const Prefix& one : all) { check_against_map(std::span(&one, 1), asked_of(std::span(&one, 1), random)); }
    }
}

TEST_CASE("longest match: neighbouring hosts across every border of words and groups") {
    std::vector<Prefix> all;
    all.reserve(3 * 1024);
    for (std::uint32_t i = 0; i < 1024; ++i) {
        all.push_back(Prefix::host(Address::v4(0x0a00'3e00U + i)));
        if (i % 3 != 0) { all.push_back(Prefix::make(Address::v4(0x0b00'0000U + (i << 8U)), 24).value()); }
        all.push_back(Prefix::host(Address::v6(0x2001'0db8'0000'0000ULL + i / 8, i % 8 * 0x2000'0000'0000'0000ULL)));
    }
    std::mt19937_64 random(2);
    check_against_map(all, asked_of(all, random));
}

TEST_CASE("longest match: as a trie finds it, over random nested prefixes of both families") {
    std::mt19937_64 random(3);
    for (int round = 0; round < 60; ++round) {
        const std::size_t count = random() % (round % 10 == 0 ? 5000 : 200);
        const unsigned shortest = std::array{0U, 1U, 8U, 20U, 30U}[static_cast<std::size_t>(round) % 5];
        std::vector<Prefix> all;
        all.reserve(count);
        for (std::size_t i = 0; i < count; ++i) { all.push_back(i > 0 && random() % 16 == 0 ? all[random() % i] : near_prefix(random, shortest)); }
        CAPTURE(round);
        check_against_map(all, asked_of(all, random));
    }
}

TEST_CASE("longest match: a batch fills as much as the shorter span holds") {
    const auto all = prefixes({"0.0.0.0/0", "::/0"});
    const LongestMatch table = LongestMatch::build(all).value();
    const std::vector<std::uint32_t> v4(600, 1);
    std::vector<std::uint32_t> out(600, 9);
    table.find(v4, std::span(out).first(300));
    CHECK(out[299] == 0);
    CHECK(out[300] == 9);
    const std::vector<Address> both(300, address("::1"));
    table.find(both, out);
    CHECK(out[299] == 1);
    CHECK(out[300] == 9);
    table.find(std::span(both).first(0), out);
    CHECK(out[0] == 1);
}

TEST_CASE("longest match: more prefixes than it has room for are refused") {
    const std::vector<Prefix> too_many(LongestMatch::kMaxPrefixes + 1);
    const auto made = LongestMatch::build(too_many);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == hw::Errc::limit);
}
