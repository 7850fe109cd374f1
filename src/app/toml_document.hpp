#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"

#include <string>
#include <string_view>

namespace hw::app {

/// A TOML document (v1.0) as the JSON value it amounts to: dates and times become RFC 3339 text. Fails with `malformed`, naming the line.
[[nodiscard]] Result<JsonValue> parse_toml_document(std::string_view text, const std::string& where);

}  // namespace hw::app
