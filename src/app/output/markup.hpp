#pragma once

#include <string>
#include <string_view>

namespace hw::app::output {

/// `text` as HTML or SVG character data, also inside a quoted attribute: markup characters become entities, control
/// characters and broken UTF-8 are escaped as by `printable`.
[[nodiscard]] std::string escaped(std::string_view text);

/// At most `limit` characters: the middle of a longer text is replaced by `…`. Cuts between characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// One word of a POSIX shell command line, quoted where needed.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace hw::app::output
