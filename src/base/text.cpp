#include "base/text.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <array>

namespace hw {
namespace {
namespace text_detail {

constexpr std::array<std::string_view, 7> kFactors = {"", "k", "M", "G", "T", "P", "E"};

/// Three digits of `value` and its factor, from 1000 up: "13.3 k".
std::string scaled(std::uint64_t value) {
    double mantissa = static_cast<double>(value);
    std::size_t factor = 0;
    // 999.5 would round up to four digits.
    while (mantissa >= 999.5 && factor + 1 < kFactors.size()) {
        mantissa /= 1000;
        ++factor;
    }
    const int decimals = mantissa < 9.995 ? 2 : mantissa < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", mantissa, decimals, kFactors.at(factor));
}

/// Marks that change the direction of the text around them (Unicode 15, UAX 9), and the line separators.
bool is_deceptive(char32_t c) {
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace text_detail
}  // namespace

std::string human_count(std::uint64_t count) {
    if (count < 10'000) { return fmt::format("{}", count); }
    return text_detail::scaled(count);
}

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1000) { return fmt::format("{} B", bytes); }
    return text_detail::scaled(bytes) + "B";
}

std::string human_duration(Duration duration) {
    const std::int64_t signed_micros = duration.count();
    const std::string_view sign = signed_micros < 0 ? "-" : "";
    const auto micros = signed_micros < 0 ? 0 - static_cast<std::uint64_t>(signed_micros) : static_cast<std::uint64_t>(signed_micros);
    const auto seconds = (micros + 500'000) / 1'000'000;
    if (micros == 0) { return "0 s"; }
    if (micros < 1000) { return fmt::format("{}{} us", sign, micros); }
    if (micros < 999'950) { return fmt::format("{}{:.1f} ms", sign, static_cast<double>(micros) / 1e3); }
    if (micros < 59'950'000) { return fmt::format("{}{:.1f} s", sign, static_cast<double>(micros) / 1e6); }
    if (seconds < 3600) { return fmt::format("{}{} min {:02} s", sign, seconds / 60, seconds % 60); }
    const auto minutes = (seconds + 30) / 60;
    if (minutes < 24 * 60) { return fmt::format("{}{} h {:02} min", sign, minutes / 60, minutes % 60); }
    const auto hours = (minutes + 30) / 60;
    return fmt::format("{}{} d {:02} h", sign, hours / 24, hours % 24);
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Utf8Character c = next_utf8(text);
        if (!c.valid) {
            for (const char raw : text.substr(0, c.size)) { out += fmt::format("\\x{:02x}", static_cast<unsigned char>(raw)); }
        } else if (c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0)) {
            out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c.code));
        } else if (text_detail::is_deceptive(c.code)) {
            out += fmt::format("\\u{{{:04x}}}", static_cast<std::uint32_t>(c.code));
        } else {
            out += text.substr(0, c.size);
        }
        text.remove_prefix(c.size);
    }
    return out;
}

std::string counted(std::uint64_t count, std::string_view word, std::string_view plural) {
    if (count == 1) { return fmt::format("1 {}", word); }
    if (!plural.empty()) { return fmt::format("{} {}", count, plural); }
    return fmt::format("{} {}s", count, word);
}

}  // namespace hw
