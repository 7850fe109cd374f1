#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// A text as one word of a line: blanks, line ends, `%` and what is not plain ASCII as `%XX`; nothing at all as `%`.
[[nodiscard]] std::string escaped(std::string_view text);
[[nodiscard]] std::optional<std::string> unescaped(std::string_view text);
/// What stands between single blanks.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view line);

}  // namespace hw::flow::store
