#pragma once

#include "app/options.hpp"
#include "base/error.hpp"

#include <string>
#include <string_view>

namespace hw::app {

/// What `headwater` alone and `headwater help` say: the verbs, with two worked examples.
[[nodiscard]] std::string overview_text();
/// All of one verb: what it does, its options, two worked examples.
[[nodiscard]] std::string verb_text(const VerbSpec& verb);
/// A verb or a topic (`exit-codes`, `formats`, `environment`); fails with the nearest one where there is none such.
[[nodiscard]] Result<std::string> topic_text(std::string_view topic);
/// The manual page, in roff (man(7)).
[[nodiscard]] std::string man_page();
/// A completion script for `bash`, `zsh` or `fish`; fails for another shell.
[[nodiscard]] Result<std::string> completion_script(std::string_view shell);

/// `text` broken into lines of at most `width` columns, each led by `indent` blanks; an empty line stays one.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 92);

}  // namespace hw::app
