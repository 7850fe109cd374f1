#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow {

/// A piece of a filter expression.
struct FilterToken {
    enum class Kind : std::uint8_t { word, quoted, open, close, open_list, close_list, comma, compare, conjunction, disjunction, negation, end };
    Kind kind = Kind::end;
    std::string text;        ///< As it was typed; of a quoted one what stands between the quotes.
    std::string lower;       ///< The same in small letters.
    std::size_t column = 1;  ///< Counted in characters from 1.
};

/// Takes an expression apart; the last token is `end`. `and`, `or`, `not` and their signs are told from other words here. A word
/// is anything without blanks, brackets, commas, quotes and the signs `<>=!&|`. Fails with `usage` at a quote without its partner
/// and at signs that mean nothing.
[[nodiscard]] Result<std::vector<FilterToken>> filter_tokens(std::string_view text);

/// `filter, column 7`.
[[nodiscard]] std::string filter_place(std::size_t column);

}  // namespace hw::flow
