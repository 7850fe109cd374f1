#include "net/longest_match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hw::net {

Result<LongestMatch> LongestMatch::build(std::span<const Prefix> prefixes) {
    if (prefixes.size() > kMaxPrefixes) {
        return fail(Errc::limit, fmt::format("{} prefixes are more than a table of {} can hold", prefixes.size(), kMaxPrefixes), {}, "merge neighbouring prefixes, or divide the list");
    }
    LongestMatch made;
    made.v4_ = RunBitmap(match_runs(prefixes, true));
    made.v6_ = RunTree(match_runs(prefixes, false));
    return made;
}

void LongestMatch::find(std::span<const Address> addresses, std::span<std::uint32_t> out) const {
    // A block at a time is parted by family without a branch, so that it does not matter how they are mixed.
    constexpr std::size_t kBlock = 256;
    std::array<std::uint32_t, kBlock> v4;
    std::array<Address, kBlock> v6;
    std::array<std::uint32_t, kBlock> found;
    std::array<std::array<std::uint32_t, kBlock>, 2> places;
    std::size_t left = std::min(addresses.size(), out.size());
    for (std::size_t begin = 0; left > 0;) {
        const std::size_t count = std::min(kBlock, left);
        std::array<std::size_t, 2> counts{};
        for (std::size_t i = 0; i < count; ++i) {
            const Address& a = addresses[begin + i];
            const std::size_t family = a.is_v4() ? 0 : 1;
            v4[counts[0]] = a.v4_bits();
            v6[counts[1]] = a;
            places[family][counts[family]++] = static_cast<std::uint32_t>(begin + i);
        }
        v4_.find(std::span(v4).first(counts[0]), found);
        for (std::size_t i = 0; i < counts[0]; ++i) { out[places[0][i]] = found[i]; }
        v6_.find(std::span(v6).first(counts[1]), found);
        for (std::size_t i = 0; i < counts[1]; ++i) { out[places[1][i]] = found[i]; }
        begin += count;
        left -= count;
    }
}

}  // namespace hw::net
