#pragma once

#include "base/error.hpp"

#include <string>
#include <string_view>

namespace hw::app {

/// Writes a file whole or not at all: beside its place first, then moved there.
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view text);

/// Fails as `write_file` would, with nothing written: to be told before long work, not after it.
[[nodiscard]] Result<void> check_writable(const std::string& path);

}  // namespace hw::app
