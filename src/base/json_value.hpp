#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hw {

struct JsonMember;

/// A JSON text taken apart, to be looked into, changed and written again: for documents. Logs are read in bulk elsewhere. Numbers
/// are doubles (I-JSON, RFC 7493, section 2.2): whole numbers hold up to 2^53.
class JsonValue {
public:
    using Array = std::vector<JsonValue>;
    using Object = std::vector<JsonMember>;  ///< In the order read or added; no name twice.

    JsonValue();  ///< `null`
    // What a value can be made of converts without a word, so that documents read as they are written.
    // NOLINTBEGIN(google-explicit-constructor)
    JsonValue(std::nullptr_t);
    JsonValue(bool truth);
    JsonValue(double number);
    JsonValue(int number);
    JsonValue(std::string text);
    JsonValue(std::string_view text);
    JsonValue(const char* text);
    JsonValue(Array items);
    JsonValue(Object members);
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
    /// What it holds, or nothing where it is of another kind.
    [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
    [[nodiscard]] const double* as_number() const { return std::get_if<double>(&value_); }
    [[nodiscard]] const std::string* as_text() const { return std::get_if<std::string>(&value_); }
    [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&value_); }
    [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&value_); }
    [[nodiscard]] Array* as_array() { return std::get_if<Array>(&value_); }
    [[nodiscard]] Object* as_object() { return std::get_if<Object>(&value_); }

    /// The member of an object; nothing where there is none, or where this is no object.
    [[nodiscard]] const JsonValue* find(std::string_view name) const;
    /// The member's text or number; nothing where it is missing or of another kind.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] std::optional<double> number(std::string_view name) const;
    /// The texts of the member's array; those of another kind are left out.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

    /// Sets the member, in its place where it is there already. `null` becomes an object; on any other kind it is a caller's bug.
    JsonValue& set(std::string_view name, JsonValue value);
    /// Takes the member away, if it is there.
    void erase(std::string_view name);

    friend bool operator==(const JsonValue& a, const JsonValue& b);

private:
    std::variant<std::nullptr_t, bool, double, std::string, Array, Object> value_;
};

/// One member of an object.
struct JsonMember {
    std::string name;
    JsonValue value;
    friend bool operator==(const JsonMember&, const JsonMember&) = default;
};

inline JsonValue::JsonValue() = default;
inline JsonValue::JsonValue(std::nullptr_t) {}
inline JsonValue::JsonValue(bool truth) : value_(truth) {}
inline JsonValue::JsonValue(double number) : value_(number) {}
inline JsonValue::JsonValue(int number) : value_(static_cast<double>(number)) {}
inline JsonValue::JsonValue(std::string text) : value_(std::move(text)) {}
inline JsonValue::JsonValue(std::string_view text) : value_(std::string(text)) {}
inline JsonValue::JsonValue(const char* text) : value_(std::string(text)) {}
inline JsonValue::JsonValue(Array items) : value_(std::move(items)) {}
inline JsonValue::JsonValue(Object members) : value_(std::move(members)) {}

/// An array of these texts.
[[nodiscard]] JsonValue json_texts(const std::vector<std::string>& texts);

/// Bounds of what is taken apart.
struct JsonLimits {
    std::size_t bytes = std::size_t{256} << 20U;
    std::size_t depth = 64;
};

/// Reads one JSON text (RFC 8259, UTF-8). Fails with `malformed` on anything else, on a name that an object has twice, on a number past what a double
/// holds and on a whole number of more than 64 bits that is written out; with `limit` on more bytes or depth than allowed. `where` is what the error calls it.
[[nodiscard]] Result<JsonValue> parse_json(std::string_view text, std::string_view where, const JsonLimits& limits = {});

/// The one form of a value that everybody writes alike: RFC 8785 (JSON Canonicalization Scheme): no blanks, members in the order of
/// their names' UTF-16 code units, numbers as ECMAScript writes them. What is no UTF-8 becomes U+FFFD, NaN and the infinities `null`.
[[nodiscard]] std::string canonical_json(const JsonValue& value);

}  // namespace hw
