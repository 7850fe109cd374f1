#pragma once

#include "net/prefix.hpp"

#include <cstdint>
#include <memory>
#include <span>

/// DPDK's rte_fib (DIR24_8 with four-byte values), where it was there to build with; IPv4 only.
class FibRival {
public:
    static constexpr std::uint64_t kNone = 0x7fff'ffffU;  ///< The largest value that it can hold in four bytes.

    virtual ~FibRival() = default;
    /// The index of the longest prefix, or kNone.
    virtual void find(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> out) = 0;
    /// What it looks up in (its own list of routes aside).
    [[nodiscard]] virtual double bytes() const = 0;
    /// Which of its look-ups is used from now on; false where this processor has it not.
    virtual bool choose_vector(bool vector) = 0;
};

/// None where the library is missing or its environment would not start.
std::unique_ptr<FibRival> make_fib_rival(std::span<const hw::net::Prefix> prefixes);
/// Starts DPDK's environment, which is no part of building a table.
bool start_fib_rival();
