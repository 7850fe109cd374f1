#pragma once

#include "base/error.hpp"
#include "trace/profile.hpp"

#include <memory>
#include <string>

namespace hw::app::command {

/// Reads a background profile from a file. Errors say what is wrong with it, where, and what to do.
[[nodiscard]] Result<std::shared_ptr<const trace::Profile>> read_profile(const std::string& path);

}  // namespace hw::app::command
