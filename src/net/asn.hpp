#pragma once

#include "base/error.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hw::net {

/// The number of an autonomous system (RFC 6793: 32 bits). Not a number to reckon with.
class Asn {
public:
    /// AS0, which no network has (RFC 7607).
    constexpr Asn() = default;
    constexpr explicit Asn(std::uint32_t number) : number_(number) {}

    [[nodiscard]] constexpr std::uint32_t number() const { return number_; }
    /// Set aside for use inside one organisation (RFC 6996).
    [[nodiscard]] constexpr bool is_private() const {
        return (number_ >= 64'512 && number_ <= 65'534) || (number_ >= 4'200'000'000 && number_ <= 4'294'967'294);
    }
    /// Never a network on the Internet: 0 (RFC 7607), AS_TRANS 23456 (RFC 6793), the documentation ranges (RFC 5398), the
    /// last numbers (RFC 7300), and 65552–131071 (IANA).
    [[nodiscard]] constexpr bool is_reserved() const {
        return number_ == 0 || number_ == 23'456 || (number_ >= 64'496 && number_ <= 64'511) || number_ == 65'535 ||
               (number_ >= 65'536 && number_ <= 131'071) || number_ == 4'294'967'295;
    }

    friend constexpr auto operator<=>(const Asn&, const Asn&) = default;

private:
    std::uint32_t number_ = 0;
};

/// Reads `AS64500`, `as64500`, `64500`, and asdot `AS1.10` or `1.10` (RFC 5396).
[[nodiscard]] Result<Asn> parse_asn(std::string_view text);

/// asplain with its prefix (RFC 5396): `AS64500`. `parse_asn(to_string(a)) == a`.
[[nodiscard]] std::string to_string(Asn asn);

}  // namespace hw::net

template <>
struct std::hash<hw::net::Asn> {
    std::size_t operator()(hw::net::Asn asn) const noexcept { return std::hash<std::uint32_t>{}(asn.number()); }
};
