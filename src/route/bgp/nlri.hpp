#pragma once

#include "base/byte_cursor.hpp"
#include "net/prefix.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace hw::route::bgp {

/// Address families and what is made of their routes (RFC 4760; the IANA registries).
enum class Afi : std::uint16_t { ipv4 = 1, ipv6 = 2 };
enum class Safi : std::uint8_t { unicast = 1, multicast = 2, both = 3 };

/// One route's prefix; `path` tells several routes of one prefix apart (RFC 7911).
struct Nlri {
    net::Prefix prefix;
    std::optional<std::uint32_t> path;
    friend bool operator==(const Nlri&, const Nlri&) = default;
};

/// The prefixes that an UPDATE names, read one by one where they lie (RFC 4271, 4.3; RFC 7911, 3).
class NlriRange {
public:
    NlriRange() = default;
    NlriRange(std::span<const std::byte> bytes, Afi afi, bool with_paths) : bytes_(bytes), afi_(afi), with_paths_(with_paths) {}

    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
    [[nodiscard]] Afi afi() const { return afi_; }

    /// Calls `visit(const Nlri&)` for each. False where the bytes are none: a length past the family's, a prefix that ends too early, an
    /// IPv6 prefix of IPv4-mapped addresses. Those before it have been visited.
    template <typename Visit>
    bool for_each(Visit&& visit) const {
        return afi_ == Afi::ipv4 ? each_of<Afi::ipv4>(visit) : each_of<Afi::ipv6>(visit);
    }

    /// What a glance at the lengths tells.
    struct Glance {
        bool sound = true;      ///< `for_each` would be true, but for IPv4-mapped addresses.
        std::size_t count = 0;
        std::size_t defaults = 0;  ///< Prefixes of no bits; where they are not sound, so is this.
    };
    [[nodiscard]] Glance glance() const {
        const std::size_t path_size = with_paths_ ? 4 : 0;
        const unsigned longest = afi_ == Afi::ipv4 ? 32 : 128;
        Glance seen;
        std::size_t at = path_size;
        unsigned too_long = 0;
        // Without a way out for each that is malformed, of which there are nearly none: a length that is wrong leads past the end or is counted.
        for (; at < bytes_.size(); ++seen.count) {
            const auto length = std::to_integer<unsigned>(bytes_[at]);
            too_long += length > longest ? 1U : 0U;
            seen.defaults += length == 0 ? 1 : 0;
            at += path_size + 1 + (length + 7) / 8;
        }
        seen.sound = too_long == 0 && (at == bytes_.size() + path_size || bytes_.empty());
        return seen;
    }

private:
    template <Afi Family, typename Visit>
    bool each_of(Visit& visit) const {
        constexpr unsigned kLongest = Family == Afi::ipv4 ? 32 : 128;
        constexpr std::size_t kWhole = kLongest / 8;
        const std::size_t path_size = with_paths_ ? 4 : 0;
        for (std::size_t at = 0; at < bytes_.size();) {
            if (bytes_.size() - at < path_size + 1) { return false; }
            Nlri route;
            if (with_paths_) {
                route.path = load_big<std::uint32_t>(&bytes_[at]);
                at += 4;
            }
            const auto length = std::to_integer<unsigned>(bytes_[at++]);
            const std::size_t size = (length + 7) / 8;
            if (length > kLongest || bytes_.size() - at < size) { return false; }
            // As a rule an address's whole length lies there, be it the next prefix's bytes: they are masked off.
            const bool whole = bytes_.size() - at >= kWhole;
            if constexpr (Family == Afi::ipv4) {
                route.prefix = net::Prefix::v4(whole ? load_big<std::uint32_t>(&bytes_[at]) : static_cast<std::uint32_t>(left(at, size) >> 32U), length);
            } else {
                route.prefix = whole ? net::Prefix::v6(load_big<std::uint64_t>(&bytes_[at]), load_big<std::uint64_t>(&bytes_[at + 8]), length)
                                     : net::Prefix::v6(left(at, std::min<std::size_t>(size, 8)), size > 8 ? left(at + 8, size - 8) : 0, length);
                if (route.prefix.address().is_v4()) { return false; }
            }
            at += size;
            visit(static_cast<const Nlri&>(route));
        }
        return true;
    }

    /// `size` bytes, at most 8, as the first of eight.
    [[nodiscard]] std::uint64_t left(std::size_t at, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < 8; ++i) { value = value << 8U | (i < size ? std::to_integer<std::uint64_t>(bytes_[at + i]) : 0); }
        return value;
    }

    std::span<const std::byte> bytes_;
    Afi afi_ = Afi::ipv4;
    bool with_paths_ = false;
};

}  // namespace hw::route::bgp
