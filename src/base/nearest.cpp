#include "base/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hw {
namespace {

/// Longer than any name of ours; keeps the table small whatever was typed.
constexpr std::size_t kLongestTyped = 64;

std::size_t alignment_distance(std::string_view a, std::string_view b) {
    const std::size_t columns = b.size() + 1;
    std::vector<std::size_t> d((a.size() + 1) * columns);
    const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return d[i * columns + j]; };
    for (std::size_t i = 0; i <= a.size(); ++i) { at(i, 0) = i; }
    for (std::size_t j = 0; j <= b.size(); ++j) { at(0, j) = j; }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t differ = a[i - 1] == b[j - 1] ? 0 : 1;
            at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + differ});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
            }
        }
    }
    return at(a.size(), b.size());
}

}  // namespace

std::optional<std::string> nearest(std::string_view typed, std::span<const std::string> candidates) {
    if (typed.empty() || typed.size() > kLongestTyped) { return std::nullopt; }
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const bool begins = typed.size() >= 2 && candidate.starts_with(typed);
        const std::size_t distance = begins ? 1 : alignment_distance(typed, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string> candidates, std::string_view otherwise) {
    const auto near = nearest(typed, candidates);
    return near ? "did you mean \"" + *near + "\"?" : std::string(otherwise);
}

}  // namespace hw
