#pragma once

#include "base/error.hpp"
#include "base/json_value.hpp"
#include "casefile/entry.hpp"

#include <string>
#include <vector>

namespace hw::weigh {

/// What a document's `format` says it is.
inline constexpr std::string_view kDocumentFormat = "headwater.statements/1";

/// Takes apart a document of statements, as people write it in TOML or JSON (docs/weigh.md): `origin`, `hypothesis`, `item`, `dispute`, `question`,
/// `action`, `request`, `commitment`, `damage`, `outcome` and `note` tables, each with an `id` and maybe a `tlp`. What comes of it is in the order
/// in which it is to be filed. Fails with `malformed`, naming the first table that is wrong.
[[nodiscard]] Result<std::vector<casefile::Change>> read_document(const JsonValue& document, const std::string& where);

/// Whether it says that it is such a document.
[[nodiscard]] bool is_document(const JsonValue& value);

}  // namespace hw::weigh
