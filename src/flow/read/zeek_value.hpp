#pragma once

#include "base/time.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// The values of a log's fields, read fast: no allocation where they are well formed, no floating point on the way.
namespace hw::flow::read::zeek {

/// Digits only, at most what 64 bits hold.
[[nodiscard]] inline std::optional<std::uint64_t> parse_count(std::string_view text) {
    constexpr std::size_t kSafeDigits = 19;  // 10^19 − 1 fits
    if (text.empty() || text.size() > kSafeDigits) { return std::nullopt; }
    std::uint64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<unsigned char>(c - '0');
        if (digit > 9) { return std::nullopt; }
        value = value * 10 + digit;
    }
    return value;
}

/// A port: 0–65535.
[[nodiscard]] inline std::optional<net::Port> parse_port(std::string_view text) {
    const auto value = parse_count(text);
    if (!value || *value > 0xffffU) { return std::nullopt; }
    return static_cast<net::Port>(*value);
}

/// `T`, `F`, `true`, `false`.
[[nodiscard]] inline std::optional<bool> parse_flag(std::string_view text) {
    if (text == "T" || text == "true") { return true; }
    if (text == "F" || text == "false") { return false; }
    return std::nullopt;
}

/// A decimal number of seconds in microseconds, the nearest one, computed in integers: `1416823200.123456`, also with an
/// exponent as JSON writers use (`9.5367431640625e-07`). Not negative, below the year 10000.
[[nodiscard]] std::optional<std::int64_t> parse_seconds(std::string_view text);

/// A moment: seconds as above; whole numbers too large for that as milli-, micro- or nanoseconds (Zeek's
/// `JSON::TS_MILLIS`, ECS); else RFC 3339 (Zeek's `JSON::TS_ISO8601`).
[[nodiscard]] std::optional<Time> parse_moment(std::string_view text);

/// As `net::parse_address`, quicker for dotted quads.
[[nodiscard]] std::optional<net::Address> parse_host(std::string_view text);

}  // namespace hw::flow::read::zeek
