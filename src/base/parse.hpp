#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace hw {

/// Reads an integer that fills the whole of `text`: digits of `base` (2–36), before them a `-` where T is signed. No
/// blanks, no `+`, no base prefix. Nothing when it is not one or does not fit T.
template <std::integral T>
    requires(!std::same_as<T, bool>)
[[nodiscard]] std::optional<T> parse_integer(std::string_view text, int base = 10) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{} || stop != end) { return std::nullopt; }
    return value;
}

/// Reads a finite decimal number that fills the whole of `text`, with a fraction or exponent where wanted. No blanks,
/// no `+` in front, no hexadecimal form, no infinity and no NaN. Does not depend on the locale.
[[nodiscard]] inline std::optional<double> parse_double(std::string_view text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || !std::isfinite(value)) { return std::nullopt; }
    return value;
}

}  // namespace hw
