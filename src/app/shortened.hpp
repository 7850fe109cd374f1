#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hw::app {

/// The most bytes of something typed that an error shows.
constexpr std::size_t kLongestShown = 80;

/// `text` as it is, or its first `most` bytes (never half a UTF-8 character) and `...`.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most = kLongestShown);

}  // namespace hw::app
