#include "net/registry/stretches.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

using namespace hw;

TEST_CASE("stretches: the prefixes between two addresses hold these and no more, and are the fewest") {
    const auto texts = [](const char* first, const char* last) {
        std::string out;
        for (const auto& p : net::prefixes_between(net::parse_address(first).value(), net::parse_address(last).value())) { out += net::to_string(p) + " "; }
        return out;
    };
    CHECK(texts("10.0.0.0", "10.0.2.255") == "10.0.0.0/23 10.0.2.0/24 ");
    CHECK(texts("0.0.0.0", "255.255.255.255") == "0.0.0.0/0 ");
    CHECK(texts("255.255.255.255", "255.255.255.255") == "255.255.255.255/32 ");
    CHECK(texts("10.0.0.1", "10.0.0.6") == "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32 ");
    CHECK(texts("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == "::/0 ");
    CHECK(texts("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8:0:1::") == "2001:db8::ffff:ffff:ffff:ffff/128 2001:db8:0:1::/128 ");
}

TEST_CASE("stretches: nested ones are found as by looking at each") {
    std::mt19937 random(7);
    std::vector<net::Stretches::Stretch> all;
    const std::function<void(std::uint32_t, std::uint32_t, int)> nest = [&](std::uint32_t low, std::uint32_t high, int depth) {
        all.emplace_back(net::Address::v4(low), net::Address::v4(high));
        std::uint32_t at = low;
        while (depth > 0 && at + 2 < high) {
            const std::uint32_t begin = at + static_cast<std::uint32_t>(random() % ((high - at) / 2));
            const std::uint32_t end = begin + static_cast<std::uint32_t>(random() % (high - begin));
            nest(begin, end, depth - 1);
            at = end + 1;
        }
    };
    nest(1'000, 60'000, 3);
    std::ranges::shuffle(all, random);
    const auto found = net::Stretches::build(all);
    REQUIRE(found);
    for (std::uint32_t a = 900; a < 60'100; a += 3) {
        std::uint32_t best = net::Stretches::kNone;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (all[i].first.v4_bits() > a || all[i].second.v4_bits() < a) { continue; }
            const auto wide = [&](std::uint32_t k) { return all[k].second.v4_bits() - all[k].first.v4_bits(); };
            if (best == net::Stretches::kNone || wide(i) <= wide(best)) { best = i; }
        }
        REQUIRE(found->find(net::Address::v4(a)) == best);
    }
    CHECK(net::Stretches().find(net::Address::v4(1)) == net::Stretches::kNone);
}
