#pragma once

#include "flow/store/bits.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hw::flow::store {

/// One end of one row.
struct HostRow {
    std::uint32_t host = 0;  ///< Number in the dictionary.
    std::uint32_t row = 0;
};

/// What the index of a segment's hosts is written as: three sections.
struct HostIndexBytes {
    std::vector<std::byte> hosts;    ///< How many are IPv4 (u32); those, 4 bytes each; the rest, 16 bytes each; either sorted.
    std::vector<std::byte> entries;  ///< One u32 a host: its row (top bit set: the only one), or where its list begins.
    std::vector<std::byte> lists;
};

/// Rows in one block of a list; a longer list has a skip entry (first row, place) for each block.
inline constexpr std::size_t kListBlock = 128;

/// The order of hosts in a dictionary: IPv4 first.
[[nodiscard]] inline bool host_before(const net::Address& a, const net::Address& b) {
    return a.is_v4() != b.is_v4() ? a.is_v4() : a < b;
}

/// Writes the index of `hosts` (by `host_before`, each once) and their rows (sorted by host, then row).
[[nodiscard]] HostIndexBytes write_host_index(std::span<const net::Address> hosts, std::span<const HostRow> rows);

/// A `hosts` section, read where it lies.
class HostDictionary {
public:
    HostDictionary() = default;
    /// Empty when the bytes are no such section.
    explicit HostDictionary(std::span<const std::byte> bytes);
    [[nodiscard]] std::size_t size() const { return v4_.size() / 4 + v6_.size() / 16; }
    /// Address `host`, which must be below `size()`.
    [[nodiscard]] net::Address at(std::size_t host) const;
    [[nodiscard]] std::optional<std::uint32_t> find(const net::Address& address) const;

private:
    std::span<const std::byte> v4_;
    std::span<const std::byte> v6_;
};

/// Appends the rows of a host that lie in [`from`, `to`), rising; false when the lists are damaged.
[[nodiscard]] bool rows_of_host(std::span<const std::byte> entries, std::span<const std::byte> lists, std::uint32_t host, std::uint32_t from,
                                std::uint32_t to, std::vector<std::uint32_t>& out);

}  // namespace hw::flow::store
