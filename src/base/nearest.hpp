#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hw {

/// The candidate that `typed` was most likely meant to be: fewest insertions, deletions, replacements and swaps of
/// neighbours (optimal string alignment), at most a third of its length; or one that it is the beginning of. The first
/// of equals. Nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates);

/// `did you mean "X"?`, or `otherwise` when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view typed, std::span<const std::string> candidates, std::string_view otherwise);

}  // namespace hw
