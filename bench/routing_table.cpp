#include "routing_table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <set>

using hw::net::Address;
using hw::net::Prefix;

namespace {

/// Prefixes of each length in a full table of 2015, from /8 to /32.
constexpr std::array<double, 25> kLengthsV4 = {18,    13,    35,    97,     262, 504, 1017, 1787, 13048, 7464, 12618, 25658, 37164,
                                               39480, 63428, 54283, 311954, 706, 325, 425,  490,  1551,  1703, 24,    3651};
constexpr std::size_t kPrefixesV4 = 577'706;
constexpr std::size_t kPrefixesV6 = 20'000;

}  // namespace

// Blocks are given out first, the shorter lengths; of the longer ones two in three lie in a block that is announced too, often beside
// the one before, since a network announces its neighbours one by one.
std::vector<Prefix> made_up_table(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<unsigned> lengths;
    std::discrete_distribution<unsigned> length_of(kLengthsV4.begin(), kLengthsV4.end());
    lengths.reserve(kPrefixesV4);
    for (std::size_t i = 0; i < kPrefixesV4; ++i) { lengths.push_back(8 + length_of(random)); }
    std::ranges::sort(lengths);
    std::set<Prefix> distinct;
    std::vector<Prefix> all;
    all.reserve(kPrefixesV4 + kPrefixesV6);
    for (const unsigned length : lengths) {
        std::size_t tries = 0;
        while (true) {
            std::uint32_t bits = 0x0100'0000U + static_cast<std::uint32_t>(random() % 0xdf00'0000U);
            if (const auto kind = random() % 6; !all.empty() && kind < 4) {
                const Prefix& beside = kind < 2 ? all.back() : all[random() % all.size()];
                if (kind < 2 && tries++ == 0) { bits = beside.address().v4_bits() + static_cast<std::uint32_t>(std::uint64_t{1} << (32U - beside.length())); }
                else { bits = beside.address().v4_bits() | static_cast<std::uint32_t>(random() & (0xffff'ffffULL >> beside.length())); }
            }
            const Prefix made = Prefix::make(Address::v4(bits), length).value();
            if (!distinct.insert(made).second) { continue; }
            all.push_back(made);
            break;
        }
    }
    constexpr std::array<std::uint64_t, 6> kRegions = {0x2001, 0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00};
    while (all.size() < kPrefixesV4 + kPrefixesV6) {
        const auto kind = random() % 100;
        const unsigned length = kind < 38 ? 32 : kind < 84 ? 48 : kind < 99 ? 29 + static_cast<unsigned>(random() % 20) : 64 + static_cast<unsigned>(random() % 65);
        std::uint64_t high = (kRegions[random() % kRegions.size()] << 48U) + ((random() % 0x1000) << 36U) + (random() & 0xf'ffff'ffffULL);
        if (const std::size_t made = all.size() - kPrefixesV4; length > 32 && made > 0 && random() % 2 == 0) {
            high = (all[kPrefixesV4 + random() % made].address().high() & ~0xffff'ffffULL) | (high & 0xffff'ffffULL);
        }
        const Prefix made = Prefix::make(Address::v6(high, random()), length).value();
        if (distinct.insert(made).second) { all.push_back(made); }
    }
    return all;
}

std::vector<Prefix> read_table(const std::string& path) {
    std::ifstream file(path);
    std::vector<Prefix> all;
    std::size_t skipped = 0;
    for (std::string line; std::getline(file, line);) {
        const auto parsed = hw::net::parse_prefix(line);
        if (parsed) { all.push_back(*parsed); }
        else { ++skipped; }
    }
    if (skipped > 0) { std::printf("%zu lines are no prefixes\n", skipped); }
    return all;
}

void add_hosts(std::vector<Prefix>& all, std::size_t hosts, std::mt19937_64& random) {
    const std::size_t networks = all.size();
    all.reserve(networks + hosts);
    while (networks > 0 && all.size() < networks + hosts) {
        const Prefix& p = all[random() % networks];
        if (!p.is_v4() || p.length() == 0) { continue; }
        all.push_back(Prefix::host(Address::v4(p.address().v4_bits() | static_cast<std::uint32_t>((random() & 0xffff'ffffU) >> p.length()))));
    }
}

std::vector<Address> drawn_addresses(std::span<const Prefix> all, bool v4, bool inside, std::size_t count, std::mt19937_64& random) {
    std::vector<const Prefix*> from;
    from.reserve(all.size());
    for (const Prefix& p : all) {
        if (p.is_v4() == v4 && p.length() > 0) { from.push_back(&p); }
    }
    std::vector<Address> made;
    if (from.empty()) { return made; }
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Prefix& p = *from[random() % from.size()];
        const Address& a = p.address();
        const auto rest = [&](unsigned fixed) { return fixed >= 64 ? 0 : random() >> fixed; };
        if (v4) { made.push_back(Address::v4(inside ? a.v4_bits() | static_cast<std::uint32_t>((random() & 0xffff'ffffU) >> p.length()) : static_cast<std::uint32_t>(random()))); }
        else if (inside) { made.push_back(Address::v6(a.high() | rest(p.length()), a.low() | rest(p.length() < 64 ? 0 : p.length() - 64))); }
        else { made.push_back(Address::v6((std::uint64_t{1} << 61U) | random() >> 3U, random())); }
    }
    return made;
}
