#include "flow/read/zeek_value.hpp"

#include <algorithm>
#include <cstddef>

namespace hw::flow::read::zeek {
namespace {
namespace value_detail {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

/// Any decimal number with an exponent, or with more digits than the quick way takes.
std::optional<std::int64_t> slow_seconds(std::string_view text) {
    constexpr std::uint64_t kManyDigits = 100'000'000'000'000'000;  // 10^17: one more digit still fits
    std::uint64_t digits = 0;
    int scale = 6;  // the value is digits · 10^scale microseconds
    std::size_t at = 0;
    bool any = false;
    bool point = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') { break; }
        any = true;
        if (digits < kManyDigits) {
            digits = digits * 10 + static_cast<unsigned>(c - '0');
            scale -= point ? 1 : 0;
        } else {
            scale += point ? 0 : 1;  // below the resolution that matters
        }
    }
    if (!any) { return std::nullopt; }
    if (at < text.size()) {
        if (text[at] != 'e' && text[at] != 'E') { return std::nullopt; }
        ++at;
        const bool negative = at < text.size() && text[at] == '-';
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) { ++at; }
        const std::string_view exponent = text.substr(at);
        constexpr std::size_t kLongestExponent = 3;
        const auto value = exponent.size() <= kLongestExponent ? parse_count(exponent) : std::nullopt;
        if (!value) { return std::nullopt; }
        scale += negative ? -static_cast<int>(*value) : static_cast<int>(*value);
    }
    for (; scale > 0 && digits > 0; --scale) {
        if (digits > kManyDigits * 10) { return std::nullopt; }
        digits *= 10;
    }
    std::uint64_t rest = 0;  // the last digit dropped; what lies below it cannot turn the rounding
    for (; scale < 0 && (digits > 0 || rest > 0); ++scale) {
        rest = digits % 10;
        digits /= 10;
    }
    digits += rest >= 5 ? 1 : 0;
    if (digits > static_cast<std::uint64_t>(kLastSecond) * 1'000'000) { return std::nullopt; }
    return static_cast<std::int64_t>(digits);
}

}  // namespace value_detail
}  // namespace

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    // The quick way: up to 11 digits, a point, up to 6 digits.
    std::int64_t value = 0;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const auto digit = static_cast<unsigned char>(text[at] - '0');
        if (digit > 9) { break; }
        if (at == 11) { return value_detail::slow_seconds(text); }
        value = value * 10 + digit;
    }
    if (at == 0) { return value_detail::slow_seconds(text); }
    std::size_t missing = 6;
    if (at < text.size() && text[at] == '.') {
        for (++at; at < text.size(); ++at) {
            const auto digit = static_cast<unsigned char>(text[at] - '0');
            if (digit > 9 || missing == 0) { return value_detail::slow_seconds(text); }
            value = value * 10 + digit;
            --missing;
        }
    }
    if (at != text.size()) { return value_detail::slow_seconds(text); }
    for (; missing > 0; --missing) { value *= 10; }
    return value;
}

std::optional<Time> parse_moment(std::string_view text) {
    const bool whole = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    constexpr std::size_t kLongestSeconds = 11;
    if (whole && text.size() > kLongestSeconds) {
        const auto value = parse_count(text);
        if (!value) { return std::nullopt; }
        std::uint64_t micros = *value;
        if (text.size() <= 14) {
            micros *= 1000;  // milliseconds up to the year 5138
        } else if (text.size() > 17) {
            micros = (micros + 500) / 1000;  // nanoseconds
        }
        return Time::from_micros(static_cast<std::int64_t>(micros));
    }
    if (const auto micros = parse_seconds(text)) { return Time::from_micros(*micros); }
    constexpr std::size_t kDate = 10;  // the cheapest test that it could be RFC 3339
    if (text.size() <= kDate || text[4] != '-') { return std::nullopt; }
    const auto time = parse_rfc3339(text);
    if (!time || time->micros() < 0) { return std::nullopt; }
    return *time;
}

std::optional<net::Address> parse_host(std::string_view text) {
    std::uint32_t bits = 0;
    std::uint32_t part = 0;
    std::size_t digits = 0;
    int points = 0;
    bool quad = true;
    for (const char c : text) {
        const auto digit = static_cast<unsigned char>(c - '0');
        if (digit <= 9) {
            part = part * 10 + digit;
            ++digits;
            // A zero in front is octal to some readers: the other way refuses it.
            quad = digits <= 3 && part <= 0xff && !(digits > 1 && part < 10);
        } else {
            quad = c == '.' && digits > 0 && points < 3;
            bits = (bits << 8U) | part;
            part = 0;
            digits = 0;
            ++points;
        }
        if (!quad) { break; }
    }
    if (quad && points == 3 && digits > 0) { return net::Address::v4((bits << 8U) | part); }
    const auto address = net::parse_address(text);
    return address ? std::optional(*address) : std::nullopt;
}

}  // namespace hw::flow::read::zeek
