#pragma once

#include "base/error.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace hw::net {

/// A country by its ISO 3166-1 alpha-2 code, as registries write it. Any two letters are taken: registries use `EU`,
/// `AP` and `ZZ` too, and codes come and go; `is_assigned` tells.
class Country {
public:
    /// `ZZ`: unknown.
    constexpr Country() = default;
    /// From two ASCII letters, either case; fails on anything else.
    [[nodiscard]] static Result<Country> parse(std::string_view code);

    /// Two capital letters.
    [[nodiscard]] constexpr std::string_view code() const { return {code_.data(), code_.size()}; }
    [[nodiscard]] constexpr bool known() const { return code() != "ZZ"; }
    /// One of the 249 codes that ISO 3166-1 assigns officially.
    [[nodiscard]] bool is_assigned() const;

    friend constexpr auto operator<=>(const Country&, const Country&) = default;

private:
    std::array<char, 2> code_ = {'Z', 'Z'};
};

[[nodiscard]] inline std::string to_string(const Country& country) { return std::string(country.code()); }

}  // namespace hw::net

template <>
struct std::hash<hw::net::Country> {
    std::size_t operator()(const hw::net::Country& country) const noexcept { return std::hash<std::string_view>{}(country.code()); }
};
