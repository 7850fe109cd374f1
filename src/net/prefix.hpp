#pragma once

#include "net/address.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hw::net {

/// A block of addresses: an address with the bits past `length` zero, and that length in its own family
/// (0–32 for IPv4, 0–128 for IPv6).
class Prefix {
public:
    /// `::/0`.
    constexpr Prefix() = default;
    /// Clears the host bits. Fails when `length` exceeds the family's.
    [[nodiscard]] static Result<Prefix> make(const Address& address, unsigned length);
    /// The same for readers of bytes, without a way to fail: `length` is at most 32.
    [[nodiscard]] static constexpr Prefix v4(std::uint32_t address, unsigned length) {
        Prefix prefix;
        prefix.v4_ = true;
        prefix.length_ = static_cast<std::uint8_t>(length);
        prefix.address_ = Address::v4(length == 0 ? 0 : address & (~std::uint32_t{0} << (32 - length)));
        return prefix;
    }
    /// `length` is at most 128, and the address is no IPv4-mapped one.
    [[nodiscard]] static constexpr Prefix v6(std::uint64_t high, std::uint64_t low, unsigned length) {
        Prefix prefix;
        prefix.length_ = static_cast<std::uint8_t>(length);
        const auto kept = [](std::uint64_t half, unsigned bits) { return bits == 0 ? 0 : bits >= 64 ? half : half & (~std::uint64_t{0} << (64 - bits)); };
        prefix.address_ = Address::v6(kept(high, length), length > 64 ? kept(low, length - 64) : 0);
        return prefix;
    }
    /// The prefix that holds this one address.
    [[nodiscard]] static Prefix host(const Address& address);

    [[nodiscard]] const Address& address() const { return address_; }
    [[nodiscard]] unsigned length() const { return length_; }
    [[nodiscard]] bool is_v4() const { return v4_; }
    /// Same family, and the first `length()` bits agree.
    [[nodiscard]] bool contains(const Address& address) const;
    [[nodiscard]] bool contains(const Prefix& other) const;

    friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;

private:
    Address address_;
    std::uint8_t length_ = 0;
    bool v4_ = false;  // ::/0 and 0.0.0.0/0 differ; the address alone cannot tell.
};

/// `192.0.2.0/24`; an address alone is its host prefix. Host bits must be zero.
[[nodiscard]] Result<Prefix> parse_prefix(std::string_view text);
[[nodiscard]] std::string to_string(const Prefix& prefix);

}  // namespace hw::net
