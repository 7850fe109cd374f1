#pragma once

#include "flow/store/host_index.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::store {

/// Where the rows of a host are (segments of version 2).
struct HostRows {
    static constexpr std::uint32_t kNoList = 0xffff'ffffU;
    static constexpr std::uint32_t kOnly = 0x8000'0000U;
    std::uint32_t begin = 0;  ///< The first row that lies under it; they end where the next host's begin.
    std::uint32_t list = kNoList;  ///< Its rows that lie under another: none, the only one (`kOnly` set), or the place of their list.
};

/// IPv4 hosts on a page of `kHostPage` bytes, 12 bytes each, and others, 24 bytes each: address, begin, list.
inline constexpr std::size_t kHostPage = 4096;
inline constexpr std::size_t kHostsV4 = kHostPage / 12;
inline constexpr std::size_t kHostsV6 = kHostPage / 24;

struct HostPagesBytes {
    std::vector<std::byte> pages;
    std::vector<std::byte> fences;  ///< How many hosts are IPv4 and how many not (u32 each), then each page's first address.
};
/// Writes `hosts` (by `host_before`, each once) with where their rows are.
[[nodiscard]] HostPagesBytes write_host_pages(std::span<const net::Address> hosts, std::span<const HostRows> rows);

/// The hosts of a segment: found with one page read, counted in the order of their addresses, IPv4 first.
class HostPages {
public:
    HostPages() = default;
    /// Nothing when the sizes do not fit each other. `fences` must have been checked, `pages` need not.
    [[nodiscard]] static std::optional<HostPages> open(std::span<const std::byte> pages, std::span<const std::byte> fences);

    [[nodiscard]] std::size_t size() const { return v4_ + v6_; }
    /// Where the entry of host `host` (below `size()`) begins in the pages.
    [[nodiscard]] std::size_t place_of(std::size_t host) const {
        if (host < v4_) { return host / kHostsV4 * kHostPage + host % kHostsV4 * 12; }
        const std::size_t other = host - v4_;
        return v4_pages_ * kHostPage + other / kHostsV6 * kHostPage + other % kHostsV6 * 24;
    }
    [[nodiscard]] std::size_t entry_size(std::size_t host) const { return host < v4_ ? 12 : 24; }
    [[nodiscard]] net::Address at(std::size_t host) const;
    [[nodiscard]] HostRows rows(std::size_t host) const;
    /// The hosts [first, second) of the page on which `address` would be; both the same: it is not there.
    [[nodiscard]] std::pair<std::size_t, std::size_t> page_of(const net::Address& address) const;
    /// `address` among the hosts [`low`, `high`) of one page.
    [[nodiscard]] std::optional<std::uint32_t> find(const net::Address& address, std::size_t low, std::size_t high) const;

private:
    std::span<const std::byte> pages_;
    std::span<const std::byte> fences_;
    std::size_t v4_ = 0;
    std::size_t v6_ = 0;
    std::size_t v4_pages_ = 0;
};

/// Appends a list of at least two rows, rising, of a segment of `all` rows. Up to `kListBlock`: how many (varint), then the rows, packed as
/// wide as `all` − 1. Longer ones: how many, a skip entry (first row, place) for each block of `kListBlock`, the blocks (width, gaps less 1).
void append_row_list(std::vector<std::byte>& out, std::span<const std::uint32_t> rows, std::uint32_t all);

/// Appends the rows of the list that begins `at` bytes into `lists`; false when it is damaged. `verified(at, size)` is asked
/// before bytes are read.
[[nodiscard]] bool take_row_list(std::span<const std::byte> lists, std::size_t at, std::uint32_t all, const std::function<bool(std::size_t, std::size_t)>& verified,
                                 std::vector<std::uint32_t>& out);

}  // namespace hw::flow::store
