#pragma once

#include "base/error.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace hw::net {

/// An IPv4 or IPv6 address. Held as 128 bits; IPv4 is held as its IPv4-mapped form (RFC 4291, 2.5.5.2), so
/// `::ffff:192.0.2.1` and `192.0.2.1` are one and the same address. Ordered by these bits: IPv4 sorts among the IPv6.
class Address {
public:
    /// The IPv6 unspecified address `::`.
    constexpr Address() = default;

    /// From four bytes in network order.
    [[nodiscard]] static constexpr Address v4(std::uint32_t host_order) {
        Address a;
        a.high_ = 0;
        a.low_ = 0x0000'ffff'0000'0000ULL | host_order;
        return a;
    }
    /// From the two halves of an IPv6 address, each in host order, the first half first.
    [[nodiscard]] static constexpr Address v6(std::uint64_t high, std::uint64_t low) {
        Address a;
        a.high_ = high;
        a.low_ = low;
        return a;
    }

    [[nodiscard]] constexpr bool is_v4() const { return high_ == 0 && (low_ >> 32U) == 0xffffU; }
    /// The IPv4 address as a number; meaningful only where `is_v4()`.
    [[nodiscard]] constexpr std::uint32_t v4_bits() const { return static_cast<std::uint32_t>(low_); }
    [[nodiscard]] constexpr std::uint64_t high() const { return high_; }
    [[nodiscard]] constexpr std::uint64_t low() const { return low_; }
    /// Private, loopback, link-local, unique-local: an address that cannot be met across the Internet
    /// (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291).
    [[nodiscard]] bool is_private() const;
    /// Multicast or IPv4 limited broadcast: an address that no single host has.
    [[nodiscard]] bool is_group() const;

    friend constexpr auto operator<=>(const Address&, const Address&) = default;

private:
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
};

/// Reads dotted-quad IPv4 (four decimal numbers without leading zeros) or RFC 4291 IPv6 text. A zone (`%eth0`), a
/// port, brackets or blanks are errors: they do not belong to an address.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

/// Dotted quad, or IPv6 in the canonical form of RFC 5952. `parse_address(to_string(a)) == a`.
[[nodiscard]] std::string to_string(const Address& address);

/// A transport port; 0 where the protocol has none.
enum class Port : std::uint16_t {};
[[nodiscard]] constexpr std::uint16_t number(Port port) { return static_cast<std::uint16_t>(port); }

/// An address with a port.
struct Endpoint {
    Address address;
    Port port{};
    friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// `192.0.2.1:80` or `[2001:db8::1]:80`.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// Reads what `to_string(Endpoint)` writes; the port may be absent (then 0), the brackets too where no port follows.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace hw::net

template <>
struct std::hash<hw::net::Address> {
    std::size_t operator()(const hw::net::Address& a) const noexcept {
        // Fibonacci mixing; flow tables that face hostile input use a keyed hash of their own.
        const std::uint64_t x = (a.high() * 0x9e37'79b9'7f4a'7c15ULL) ^ (a.low() * 0xc2b2'ae3d'27d4'eb4fULL);
        return static_cast<std::size_t>(x ^ (x >> 29U));
    }
};

template <>
struct std::hash<hw::net::Endpoint> {
    std::size_t operator()(const hw::net::Endpoint& e) const noexcept {
        return std::hash<hw::net::Address>{}(e.address) * 31U + hw::net::number(e.port);
    }
};
