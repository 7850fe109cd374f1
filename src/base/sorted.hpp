#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hw {

/// Puts values in ascending order, each once.
template <typename T>
void sort_once(std::vector<T>& values) {
    std::ranges::sort(values);
    const auto twice = std::ranges::unique(values);
    values.erase(twice.begin(), twice.end());
}

}  // namespace hw
