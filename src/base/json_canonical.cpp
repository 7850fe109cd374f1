// RFC 8785, JSON Canonicalization Scheme (JCS).
#include "base/json_value.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <compare>

namespace hw {
namespace {
namespace jcs {

/// Section 3.2.2.2: what must be escaped, in its shortest form; all else as it is.
void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const Utf8Character c = next_utf8(text);
        if (!c.valid) { out += "\xEF\xBF\xBD"; }
        else if (c.code == '"' || c.code == '\\') { (out += '\\') += text.front(); }
        else if (c.code == '\b') { out += "\\b"; }
        else if (c.code == '\t') { out += "\\t"; }
        else if (c.code == '\n') { out += "\\n"; }
        else if (c.code == '\f') { out += "\\f"; }
        else if (c.code == '\r') { out += "\\r"; }
        else if (c.code < 0x20) { ((out += "\\u00") += kHex[c.code >> 4U]) += kHex[c.code & 15U]; }
        else { out += text.substr(0, c.size); }
        text.remove_prefix(c.size);
    }
    out += '"';
}

/// Section 3.2.2.3: as ECMAScript's Number::toString (ECMA-262, section 6.1.6.1.20).
void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) { out += "null"; return; }
    if (value == 0) { out += '0'; return; }
    if (value < 0) { out += '-'; value = -value; }
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific);
    const std::string_view text(buffer.begin(), written.ptr);
    const auto e = text.find('e');
    std::string digits(text.substr(0, 1));
    if (e > 2) { digits += text.substr(2, e - 2); }
    int exponent = 0;
    const std::string_view told = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
    std::from_chars(told.begin(), told.end(), exponent);
    const int k = static_cast<int>(digits.size());  // the names of the standard: k digits, value = 0.digits × 10^n
    const int n = exponent + 1;
    constexpr int kMostWhole = 21;
    constexpr int kMostZeros = -6;
    if (k <= n && n <= kMostWhole) { out += digits; out.append(static_cast<std::size_t>(n - k), '0'); }
    else if (0 < n && n <= kMostWhole) { out += digits.substr(0, static_cast<std::size_t>(n)); out += '.'; out += digits.substr(static_cast<std::size_t>(n)); }
    else if (kMostZeros < n && n <= 0) { out += "0."; out.append(static_cast<std::size_t>(-n), '0'); out += digits; }
    else {
        out += digits.front();
        if (k > 1) { out += '.'; out += digits.substr(1); }
        out += 'e';
        out += n > 0 ? '+' : '-';
        out += std::to_string(std::abs(n - 1));
    }
}

/// The order of UTF-16 code units: as of code points, but that characters past U+FFFF (surrogates, 0xD800 and up) stand before U+E000
/// to U+FFFF.
std::u16string utf16(std::string_view text) {
    std::u16string units;
    units.reserve(text.size());
    while (!text.empty()) {
        const Utf8Character c = next_utf8(text);
        constexpr char32_t kFirstSurrogated = 0x1'0000;
        if (c.code < kFirstSurrogated) { units += static_cast<char16_t>(c.code); }
        else {
            units += static_cast<char16_t>(0xD800U + ((c.code - kFirstSurrogated) >> 10U));
            units += static_cast<char16_t>(0xDC00U + ((c.code - kFirstSurrogated) & 0x3FFU));
        }
        text.remove_prefix(c.size);
    }
    return units;
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool before(const JsonMember* a, const JsonMember* b) {
    return is_ascii(a->name) && is_ascii(b->name) ? a->name < b->name : utf16(a->name) < utf16(b->name);
}

void append(std::string& out, const JsonValue& value) {
    if (const bool* truth = value.as_bool()) { out += *truth ? "true" : "false"; }
    else if (const double* number = value.as_number()) { append_number(out, *number); }
    else if (const std::string* text = value.as_text()) { append_string(out, *text); }
    else if (const auto* items = value.as_array()) {
        out += '[';
        for (std::size_t i = 0; i < items->size(); ++i) {
            if (i > 0) { out += ','; }
            append(out, (*items)[i]);
        }
        out += ']';
    } else if (const auto* members = value.as_object()) {
        std::vector<const JsonMember*> order;
        order.reserve(members->size());
        for (const JsonMember& member : *members) { order.push_back(&member); }
        std::ranges::sort(order, before);
        out += '{';
        for (std::size_t i = 0; i < order.size(); ++i) {
            if (i > 0) { out += ','; }
            append_string(out, order[i]->name);
            out += ':';
            append(out, order[i]->value);
        }
        out += '}';
    } else { out += "null"; }
}

}  // namespace jcs
}  // namespace

std::string canonical_json(const JsonValue& value) {
    std::string out;
    jcs::append(out, value);
    return out;
}

}  // namespace hw
