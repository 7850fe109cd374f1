#pragma once

#include "base/error.hpp"
#include "net/longest_match.hpp"
#include "net/prefix.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hw::net {

/// The last address of a prefix.
[[nodiscard]] Address last_address(const Prefix& prefix);

/// The fewest prefixes that hold the addresses from `first` to `last`, by address. Both of one family, `first` no higher than `last`.
[[nodiscard]] std::vector<Prefix> prefixes_between(const Address& first, const Address& last);

/// Finds which of many stretches of addresses an address lies in: of those inside one another the innermost, of equal ones the last in the list.
/// (Of two that overlap otherwise, one of them.)
class Stretches {
public:
    static constexpr std::uint32_t kNone = LongestMatch::kNone;
    using Stretch = std::pair<Address, Address>;  ///< First and last, of one family, the first no higher.

    Stretches() = default;
    /// Fails with `limit` when they come to more prefixes than a table holds.
    [[nodiscard]] static Result<Stretches> build(std::span<const Stretch> stretches);
    /// Its place in the list, or kNone.
    [[nodiscard]] std::uint32_t find(const Address& address) const;

private:
    LongestMatch longest_;
    std::vector<std::uint32_t> of_prefix_;
};

}  // namespace hw::net
