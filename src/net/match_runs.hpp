#pragma once

#include "net/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hw::net {

/// The value of addresses that no prefix holds.
inline constexpr std::uint32_t kNoMatch = 0xffff'ffffU;

/// One family's addresses cut into the fewest runs whose addresses have the same longest match: what a read-only table is made
/// from. An address is taken apart into an outer number (the first 24 bits of IPv4, the first 64 of IPv6) and an inner one (the
/// rest), since few tables tell addresses within an outer number apart; where one does, that number is a group of its own.
struct MatchRuns {
    struct Run {
        std::uint64_t first = 0;  ///< The run goes on until the next one's first number, or the end.
        std::uint32_t value = kNoMatch;
        friend bool operator==(const Run&, const Run&) = default;
    };
    /// By outer number, the first at 0. A value is a prefix's index, kNoMatch, or a group's index with `kGroup` set.
    std::vector<Run> outer;
    /// By inner number, group after group, each group's first at 0. A value is a prefix's index or kNoMatch.
    std::vector<Run> inner;
    /// Where each group's runs begin in `inner`, and the end of the last.
    std::vector<std::uint32_t> groups = {0};

    static constexpr std::uint32_t kGroup = 0x8000'0000U;
    [[nodiscard]] static constexpr bool is_group(std::uint32_t value) { return (value & kGroup) != 0 && value != kNoMatch; }
    [[nodiscard]] std::span<const Run> group(std::size_t index) const { return std::span(inner).subspan(groups[index], groups[index + 1] - groups[index]); }
};

/// How many bits of an address are its inner number.
inline constexpr unsigned kInnerBitsV4 = 8;
inline constexpr unsigned kInnerBitsV6 = 64;

/// The runs of the IPv4 or of the IPv6 prefixes among `prefixes`, of which there are fewer than 2³¹. Of equal ones the last
/// counts. A prefix makes at most two runs, and a group only where it is longer than the outer number.
[[nodiscard]] MatchRuns match_runs(std::span<const Prefix> prefixes, bool v4);

}  // namespace hw::net
