#include "net/address.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

#include <optional>

namespace hw::net {
namespace {
namespace address_detail {

/// Four decimal numbers up to 255 with points between, no leading zeros (they would be octal to some readers).
std::optional<std::uint32_t> scan_v4(std::string_view text) {
    std::uint32_t bits = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t end = part < 3 ? text.find('.') : text.size();
        if (end == std::string_view::npos || end == 0 || end > 3) { return std::nullopt; }
        const std::string_view digits = text.substr(0, end);
        const auto octet = parse_integer<std::uint8_t>(digits);
        if (!octet || (digits.size() > 1 && digits.front() == '0')) { return std::nullopt; }
        bits = (bits << 8U) | *octet;
        text.remove_prefix(part < 3 ? end + 1 : end);
    }
    return bits;
}

/// Groups of up to four hexadecimal digits read into `groups`, from index `count` on; the last may be a dotted quad,
/// which makes two. False when the text is not of that form or there are more than `limit`.
bool scan_groups(std::string_view text, std::array<std::uint16_t, 8>& groups, std::size_t& count, std::size_t limit) {
    if (text.empty()) { return true; }
    while (true) {
        const std::size_t colon = text.find(':');
        const std::string_view group = text.substr(0, colon);
        if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
            const auto quad = scan_v4(group);
            if (!quad || count + 2 > limit) { return false; }
            groups.at(count++) = static_cast<std::uint16_t>(*quad >> 16U);
            groups.at(count++) = static_cast<std::uint16_t>(*quad & 0xffffU);
            return true;
        }
        if (group.empty() || group.size() > 4 || count + 1 > limit) { return false; }
        const auto value = parse_integer<std::uint16_t>(group, 16);
        if (!value) { return false; }
        groups.at(count++) = *value;
        if (colon == std::string_view::npos) { return true; }
        text.remove_prefix(colon + 1);
    }
}

/// RFC 4291, section 2.2, forms 1 to 3.
std::optional<Address> scan_v6(std::string_view text) {
    std::array<std::uint16_t, 8> groups{};
    std::size_t count = 0;
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        if (!scan_groups(text, groups, count, 8) || count != 8) { return std::nullopt; }
    } else {
        // The gap stands for at least one group, so seven are left to write. A quad cannot stand before it.
        const std::string_view front = text.substr(0, gap);
        if (front.find('.') != std::string_view::npos || !scan_groups(front, groups, count, 7)) { return std::nullopt; }
        std::array<std::uint16_t, 8> tail{};
        std::size_t tail_count = 0;
        if (!scan_groups(text.substr(gap + 2), tail, tail_count, 7 - count)) { return std::nullopt; }
        for (std::size_t i = 0; i < tail_count; ++i) { groups.at(8 - tail_count + i) = tail.at(i); }
    }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        high = (high << 16U) | groups.at(i);
        low = (low << 16U) | groups.at(i + 4);
    }
    return Address::v6(high, low);
}

constexpr bool in_v4(std::uint32_t bits, std::uint32_t net, unsigned length) { return (bits >> (32U - length)) == (net >> (32U - length)); }

std::string quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 64)); }

}  // namespace address_detail
}  // namespace

bool Address::is_private() const {
    using address_detail::in_v4;
    if (is_v4()) {
        const std::uint32_t bits = v4_bits();
        return in_v4(bits, 0x0a00'0000, 8) || in_v4(bits, 0xac10'0000, 12) || in_v4(bits, 0xc0a8'0000, 16)  // RFC 1918
               || in_v4(bits, 0x6440'0000, 10)                                                              // RFC 6598
               || in_v4(bits, 0x7f00'0000, 8) || in_v4(bits, 0xa9fe'0000, 16) || in_v4(bits, 0, 8);         // RFC 1122, RFC 3927
    }
    return (high_ == 0 && low_ <= 1)      // unspecified, loopback
           || (high_ >> 57U) == 0x7eU     // fc00::/7
           || (high_ >> 54U) == 0x3faU;   // fe80::/10
}

bool Address::is_group() const {
    if (is_v4()) { return (v4_bits() >> 28U) == 0xeU || v4_bits() == 0xffff'ffffU; }
    return (high_ >> 56U) == 0xffU;
}

Result<Address> parse_address(std::string_view text) {
    if (text.find(':') != std::string_view::npos) {
        if (const auto address = address_detail::scan_v6(text)) { return *address; }
    } else if (const auto bits = address_detail::scan_v4(text)) {
        return Address::v4(*bits);
    }
    std::string hint = "write it as 192.0.2.1 or 2001:db8::1";
    if (text.find('%') != std::string_view::npos) { hint = "leave out the zone (from % on)"; }
    return fail(Errc::malformed, address_detail::quoted(text) + " is not an IP address", {}, std::move(hint));
}

std::string to_string(const Address& address) {
    if (address.is_v4()) {
        const std::uint32_t bits = address.v4_bits();
        return fmt::format("{}.{}.{}.{}", bits >> 24U, (bits >> 16U) & 0xffU, (bits >> 8U) & 0xffU, bits & 0xffU);
    }
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t shift = 48 - 16 * i;
        groups.at(i) = static_cast<unsigned>((address.high() >> shift) & 0xffffU);
        groups.at(i + 4) = static_cast<unsigned>((address.low() >> shift) & 0xffffU);
    }
    // RFC 5952, section 4.2: the longest run of two or more zero groups is left out, the first of equals.
    std::size_t gap_start = 8;
    std::size_t gap_size = 1;
    for (std::size_t i = 0; i < 8;) {
        std::size_t end = i;
        while (end < 8 && groups.at(end) == 0) { ++end; }
        if (end - i > gap_size) {
            gap_start = i;
            gap_size = end - i;
        }
        i = end + 1;
    }
    std::string text;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap_start) {
            text += "::";
            i += gap_size - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') { text += ':'; }
        text += fmt::format("{:x}", groups.at(i));
    }
    return text;
}

std::string to_string(const Endpoint& endpoint) {
    const std::string address = to_string(endpoint.address);
    return endpoint.address.is_v4() ? fmt::format("{}:{}", address, number(endpoint.port)) : fmt::format("[{}]:{}", address, number(endpoint.port));
}

Result<Endpoint> parse_endpoint(std::string_view text) {
    std::string_view address_text = text;
    std::optional<std::string_view> port_text;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        const std::string_view inside = text.substr(1, close == std::string_view::npos ? close : close - 1);
        const std::string_view after = close == std::string_view::npos ? "?" : text.substr(close + 1);
        if ((!after.empty() && after.front() != ':') || inside.find(':') == std::string_view::npos) {
            return fail(Errc::malformed, address_detail::quoted(text) + " is not an address with a port", {}, "write it as 192.0.2.1:80 or [2001:db8::1]:80");
        }
        address_text = inside;
        if (!after.empty()) { port_text = after.substr(1); }
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        address_text = text.substr(0, colon);
        port_text = text.substr(colon + 1);
    }
    HW_TRY(const Address address, parse_address(address_text));
    if (!port_text) { return Endpoint{address, Port{}}; }
    const auto port = parse_integer<std::uint16_t>(*port_text);
    if (!port || (port_text->size() > 1 && port_text->front() == '0')) {
        return fail(Errc::malformed, address_detail::quoted(*port_text) + " is not a port", {}, "write a number from 0 to 65535");
    }
    return Endpoint{address, Port{*port}};
}

}  // namespace hw::net
