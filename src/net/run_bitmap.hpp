#pragma once

#include "base/huge_pages.hpp"
#include "net/match_runs.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hw::net {

/// The runs of IPv4 addresses: a bit for each /24 says whether a run begins there, and the count of bits up to an address's own,
/// kept for each word of 64 and counted within, is the place of its value. The few /24 that longer prefixes divide have four words
/// of their own, a bit an address. It is the direct pointing of Poptrie (Asai and Ohara, SIGCOMM 2015) where the entries are
/// themselves the nodes: a look-up loads a word, the count before it and a value, and there is no path to walk down.
///
/// 3 MiB, 4 bytes a run, and 48 a divided /24; nothing where there is no prefix.
class RunBitmap {
public:
    struct Kernel;

    RunBitmap() = default;
    explicit RunBitmap(const MatchRuns& runs);

    /// The value for an address in host order.
    [[nodiscard]] std::uint32_t find(std::uint32_t address) const;
    /// As many as the shorter span holds.
    void find(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out) const;
    void find(std::span<const std::uint32_t> addresses, std::span<std::uint32_t> out, const Kernel& kernel) const;
    [[nodiscard]] std::size_t bytes() const;

    /// Look-ups for one kind of processor, in a table that holds something; all give the same answers.
    struct Kernel {
        std::string_view name;  ///< `portable`, `popcnt`.
        std::uint32_t (*one)(const RunBitmap& table, std::uint32_t address) = nullptr;
        void (*many)(const RunBitmap& table, std::span<const std::uint32_t> addresses, std::uint32_t* out) = nullptr;
    };
    /// Those that this processor can run, the portable one first and the fastest last.
    [[nodiscard]] static std::vector<Kernel> kernels();

private:
    struct Lookup;
    template <typename T>
    using Table = std::vector<T, HugePageAllocator<T>>;

    // Words stand apart from their counts: bits and counts each fill their cache lines.
    Table<std::uint64_t> begins_;  // 2¹⁸ words, a bit a /24, then four for each group, a bit an address
    Table<std::uint32_t> before_;  // how many bits are set in the words before
    Table<std::uint32_t> values_;  // by run; the first is no run's
};

}  // namespace hw::net
