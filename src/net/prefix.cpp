#include "net/prefix.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

namespace hw::net {
namespace {
namespace prefix_detail {

/// The address with only its first `length` of 128 bits left.
Address masked(const Address& address, unsigned length) {
    const auto keep = [](std::uint64_t half, unsigned bits) {
        if (bits == 0) { return std::uint64_t{0}; }
        return bits >= 64 ? half : half & (~std::uint64_t{0} << (64 - bits));
    };
    return Address::v6(keep(address.high(), length), length > 64 ? keep(address.low(), length - 64) : 0);
}

}  // namespace prefix_detail
}  // namespace

Result<Prefix> Prefix::make(const Address& address, unsigned length) {
    const bool v4 = address.is_v4();
    const unsigned longest = v4 ? 32 : 128;
    if (length > longest) {
        return fail(Errc::malformed, fmt::format("a prefix length of {} is too long for {}", length, to_string(address)), {},
                    fmt::format("use 0 to {}", longest));
    }
    Prefix prefix;
    prefix.v4_ = v4;
    prefix.length_ = static_cast<std::uint8_t>(length);
    prefix.address_ = prefix_detail::masked(address, v4 ? 96 + length : length);
    return prefix;
}

Prefix Prefix::host(const Address& address) {
    Prefix prefix;
    prefix.v4_ = address.is_v4();
    prefix.length_ = prefix.v4_ ? 32 : 128;
    prefix.address_ = address;
    return prefix;
}

bool Prefix::contains(const Address& address) const {
    return address.is_v4() == v4_ && prefix_detail::masked(address, v4_ ? 96U + length_ : length_) == address_;
}

bool Prefix::contains(const Prefix& other) const { return other.v4_ == v4_ && other.length_ >= length_ && prefix_detail::masked(other.address_, v4_ ? 96U + length_ : length_) == address_; }

Result<Prefix> parse_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    HW_TRY(const Address address, parse_address(text.substr(0, slash)));
    if (slash == std::string_view::npos) { return Prefix::host(address); }
    const std::string_view digits = text.substr(slash + 1);
    const auto length = parse_integer<std::uint8_t>(digits);
    if (!length || (digits.size() > 1 && digits.front() == '0')) {
        return fail(Errc::malformed, fmt::format("'{}' is not a prefix length", digits.substr(0, 16)), {}, "write the prefix as 192.0.2.0/24");
    }
    HW_TRY(const Prefix prefix, Prefix::make(address, *length));
    if (prefix.address() != address) {
        return fail(Errc::malformed, fmt::format("'{}' has bits set past its length", text), {}, "did you mean " + to_string(prefix) + "?");
    }
    return prefix;
}

std::string to_string(const Prefix& prefix) { return fmt::format("{}/{}", to_string(prefix.address()), prefix.length()); }

}  // namespace hw::net
