#pragma once

#include "base/error.hpp"
#include "net/run_bitmap.hpp"
#include "net/run_tree.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace hw::net {

/// Many prefixes of both families made into a table that finds the longest match quickly and never changes; `PrefixMap` is for
/// those that come and go. It gives a prefix's place in the list that it was built from, so that what belongs to a prefix may
/// lie in any array beside it.
class LongestMatch {
public:
    /// What no prefix holds.
    static constexpr std::uint32_t kNone = kNoMatch;
    /// More are refused. So many hosts, each in a /24 or a /64 of its own, take 1.1 GB, and some 3 GB more while it is built.
    static constexpr std::size_t kMaxPrefixes = std::size_t{1} << 24U;

    /// Holds no prefix.
    LongestMatch() = default;
    /// Of equal prefixes the last counts. Fails with `limit` when there are more than kMaxPrefixes.
    [[nodiscard]] static Result<LongestMatch> build(std::span<const Prefix> prefixes);

    /// The index of the longest prefix that contains `address`, or kNone.
    [[nodiscard]] std::uint32_t find(const Address& address) const { return address.is_v4() ? v4_.find(address.v4_bits()) : v6_.find(address); }
    /// The same for each of many, several times as fast: out[i] is that of addresses[i]. As many as the shorter span holds.
    void find(std::span<const Address> addresses, std::span<std::uint32_t> out) const;
    /// The same for IPv4 addresses in host order.
    void find(std::span<const std::uint32_t> v4_addresses, std::span<std::uint32_t> out) const { v4_.find(v4_addresses, out); }

    /// Memory that the tables take.
    [[nodiscard]] std::size_t bytes() const { return v4_.bytes() + v6_.bytes(); }

private:
    RunBitmap v4_;
    RunTree v6_;
};

}  // namespace hw::net
