#include "base/json.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <iterator>

namespace hw {

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        // Plain ASCII in one go: most of what is written.
        std::size_t plain = 0;
        while (plain < text.size() && text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' && text[plain] != '\\') { ++plain; }
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) { break; }

        const Utf8Character c = next_utf8(text);
        if (!c.valid) {
            out += "\xEF\xBF\xBD";
        } else if (c.code == '"' || c.code == '\\') {
            out += '\\';
            out += text.front();
        } else if (c.code == '\n') {
            out += "\\n";
        } else if (c.code == '\t') {
            out += "\\t";
        } else if (c.code == '\r') {
            out += "\\r";
        } else if (c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0) || c.code == 0x2028 || c.code == 0x2029) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c.code));
        } else {
            out += text.substr(0, c.size);
        }
        text.remove_prefix(c.size);
    }
    out += '"';
}

std::string json_number(double value) {
    if (!std::isfinite(value)) { return "null"; }
    if (value == 0) { return "0"; }
    const double size = std::fabs(value);
    const auto format = size >= 1e-4 && size < 1e17 ? std::chars_format::fixed : std::chars_format::scientific;
    std::array<char, 64> buffer{};
    const auto [end, error] = std::to_chars(buffer.begin(), buffer.end(), value, format);
    assert(error == std::errc{});
    return {buffer.begin(), end};
}

JsonWriter& JsonWriter::begin_object() { return begin(true); }
JsonWriter& JsonWriter::end_object() { return end(true); }
JsonWriter& JsonWriter::begin_array() { return begin(false); }
JsonWriter& JsonWriter::end_array() { return end(false); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::key(std::string_view name) {
    assert(!levels_.empty() && levels_.back().object && !key_pending_);
    if (!levels_.back().empty) { *out_ += ','; }
    levels_.back().empty = false;
    new_line(levels_.size());
    append_json_string(*out_, name);
    *out_ += indent_ > 0 ? ": " : ":";
    key_pending_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    before_value();
    append_json_string(*out_, text);
    return *this;
}

JsonWriter& JsonWriter::begin(bool object) {
    before_value();
    *out_ += object ? '{' : '[';
    levels_.push_back({.object = object, .empty = true});
    return *this;
}

JsonWriter& JsonWriter::end([[maybe_unused]] bool object) {
    assert(!levels_.empty() && levels_.back().object == object && !key_pending_);
    const Level level = levels_.back();
    levels_.pop_back();
    if (!level.empty) { new_line(levels_.size()); }
    *out_ += level.object ? '}' : ']';
    return *this;
}

void JsonWriter::before_value() {
    if (levels_.empty()) {
        assert(!written_);
        written_ = true;
        return;
    }
    Level& level = levels_.back();
    assert(level.object == key_pending_);
    if (level.object) {
        key_pending_ = false;
        return;
    }
    if (!level.empty) { *out_ += ','; }
    level.empty = false;
    new_line(levels_.size());
}

void JsonWriter::new_line(std::size_t depth) {
    if (indent_ == 0) { return; }
    *out_ += '\n';
    out_->append(depth * indent_, ' ');
}

JsonWriter& JsonWriter::raw(std::string_view text) {
    before_value();
    *out_ += text;
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t number) { return raw(fmt::format_int(number).c_str()); }
JsonWriter& JsonWriter::integer(std::uint64_t number) { return raw(fmt::format_int(number).c_str()); }

}  // namespace hw
