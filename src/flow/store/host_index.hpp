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

/// Rows in one block of a list; a longer list has a skip entry (first row, place) for each block.
inline constexpr std::size_t kListBlock = 128;

/// The order of hosts in a dictionary: IPv4 first.
[[nodiscard]] inline bool host_before(const net::Address& a, const net::Address& b) {
    return a.is_v4() != b.is_v4() ? a.is_v4() : a < b;
}

/// A `hosts` section of version 1, read where it lies: how many are IPv4 (u32); those, 4 bytes each; the rest, 16 bytes each; either sorted.
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

/// Version 1: appends the rows of a host that lie in [`from`, `to`), rising; false when the lists are damaged.
[[nodiscard]] bool rows_of_host(std::span<const std::byte> entries, std::span<const std::byte> lists, std::uint32_t host, std::uint32_t from,
                                std::uint32_t to, std::vector<std::uint32_t>& out);

}  // namespace hw::flow::store
