#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw {

/// Appends `text` to `out` as a JSON string with its quotes (RFC 8259, section 7): `"`, `\` and control characters
/// escaped, bytes that are no UTF-8 replaced by U+FFFD. DEL, C1 controls and U+2028/2029 are escaped too, so that a line
/// of JSON is safe on a terminal and inside a script element; `<` is written as it is.
void append_json_string(std::string& out, std::string_view text);

/// The shortest text that reads back as the same double: without an exponent from 1e-4 up to below 1e17, with one
/// outside (`1e-07`). `null` for NaN and the infinities; -0 is `0`.
[[nodiscard]] std::string json_number(double value);

/// Writes one JSON text into a string, front to back. Members keep the order in which they are written, and the same
/// calls give the same bytes. Calls that make no JSON (a value without its key, an end without a begin) are bugs of
/// the caller and assert.
class JsonWriter {
public:
    /// `indent` blanks a level and one value a line; 0: no blanks and no line ends at all.
    explicit JsonWriter(std::string& out, unsigned indent = 0) : out_(&out), indent_(indent) {}

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    /// The name of the member whose value comes next.
    JsonWriter& key(std::string_view name);

    JsonWriter& null();
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    template <std::same_as<bool> B>
    JsonWriter& value(B truth) { return raw(truth ? "true" : "false"); }
    template <std::integral I>
        requires(!std::same_as<I, bool> && !std::same_as<I, char>)
    JsonWriter& value(I number) {
        if constexpr (std::signed_integral<I>) { return integer(static_cast<std::int64_t>(number)); }
        else { return integer(static_cast<std::uint64_t>(number)); }
    }
    template <std::floating_point F>
    JsonWriter& value(F number) { return raw(json_number(static_cast<double>(number))); }
    /// What it holds, or `null`.
    template <typename T>
    JsonWriter& value(const std::optional<T>& maybe) { return maybe ? value(*maybe) : null(); }

    /// `key(name)` and `value(v)`.
    template <typename T>
    JsonWriter& member(std::string_view name, const T& v) { return key(name).value(v); }

    /// One whole JSON text is written, all that was begun is ended.
    [[nodiscard]] bool complete() const { return levels_.empty() && written_; }

private:
    struct Level {
        bool object = false;
        bool empty = true;
    };
    void before_value();
    void new_line(std::size_t depth);
    JsonWriter& begin(bool object);
    JsonWriter& end(bool object);
    JsonWriter& raw(std::string_view text);
    JsonWriter& integer(std::int64_t number);
    JsonWriter& integer(std::uint64_t number);

    std::string* out_;
    unsigned indent_;
    std::vector<Level> levels_;
    bool key_pending_ = false;
    bool written_ = false;
};

}  // namespace hw
