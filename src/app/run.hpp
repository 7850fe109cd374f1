#pragma once

#include "app/command/invocation.hpp"

#include <span>
#include <string>

namespace hw::app {

/// Runs the program with these arguments (without its name): results to standard output, all else to standard error.
/// Returns the exit code.
[[nodiscard]] int run(std::span<const std::string> arguments, const World& world);

/// The world of this process: its environment, its clock, its terminals.
[[nodiscard]] World process_world();

}  // namespace hw::app
