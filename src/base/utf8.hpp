#pragma once

#include <cstddef>
#include <string_view>

namespace hw {

/// The character that stands for bytes which are no UTF-8.
inline constexpr char32_t kReplacementCharacter = U'\uFFFD';

/// One character read from UTF-8.
struct Utf8Character {
    char32_t code = 0;     ///< The scalar value; `kReplacementCharacter` where the bytes are malformed.
    std::size_t size = 0;  ///< Bytes it took, at least 1.
    bool valid = false;
};

/// Reads the character at the front of `text`, which is not empty. Over-long forms, surrogates, values past U+10FFFF
/// and cut sequences are malformed; of those, as many bytes are taken as could have begun a character (Unicode 15,
/// section 3.9, "maximal subpart").
[[nodiscard]] Utf8Character next_utf8(std::string_view text);

}  // namespace hw
