#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

/// What the renderers of `map` share.
namespace hw::app::output::map_parts {

/// The first `top`; 0: all.
template <typename T>
std::span<const T> shown(const std::vector<T>& all, std::size_t top) {
    return std::span(all).first(top == 0 ? all.size() : std::min(top, all.size()));
}

/// A day given as YYYYMMDD: `2009-12-21`; empty for 0.
inline std::string date_text(std::uint32_t day) { return day == 0 ? std::string() : fmt::format("{:04}-{:02}-{:02}", day / 10'000, day / 100 % 100, day % 100); }

}  // namespace hw::app::output::map_parts
