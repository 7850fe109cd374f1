#pragma once

#include <cstdint>
#include <string_view>

namespace hw::route {

/// What a route origin validation comes to (RFC 6811, 2).
enum class OriginValidity : std::uint8_t {
    not_found,  ///< No authorisation speaks of the prefix.
    valid,
    invalid,    ///< Some do, and none allows this origin or this length.
};
/// `not-found`, `valid`, `invalid`.
[[nodiscard]] constexpr std::string_view to_string(OriginValidity validity) {
    return validity == OriginValidity::valid ? "valid" : validity == OriginValidity::invalid ? "invalid" : "not-found";
}

}  // namespace hw::route
