#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hw::flow::store {

/// Sorts numbers by their upper 32 bits, equal ones staying in the order in which they came, in time that grows with how many they are.
inline void sort_by_upper(std::vector<std::uint64_t>& values) {
    constexpr std::size_t kFew = 512;
    if (values.size() < kFew) {
        std::ranges::stable_sort(values, {}, [](std::uint64_t v) { return v >> 32U; });
        return;
    }
    constexpr unsigned kDigit = 11;
    std::vector<std::uint64_t> other(values.size());
    for (unsigned shift = 32; shift < 64; shift += kDigit) {
        std::array<std::size_t, std::size_t{1} << kDigit> next{};
        const auto digit = [&](std::uint64_t v) { return v >> shift & (next.size() - 1); };
        for (const std::uint64_t v : values) { ++next[digit(v)]; }
        std::size_t sum = 0;
        for (std::size_t& n : next) { n = std::exchange(sum, sum + n); }
        for (const std::uint64_t v : values) { other[next[digit(v)]++] = v; }
        values.swap(other);
    }
}

}  // namespace hw::flow::store
