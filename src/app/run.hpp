#pragma once

#include "app/command/invocation.hpp"

#include <span>
#include <string>

namespace hw::app {

/// Runs the program with these arguments (without its name): results to standard output, all else to standard error.
/// Returns the exit code.
[[nodiscard]] int run(std::span<const std::string> arguments, const World& world);

/// Runs a verb as `arguments` say and gives what it would print, for verbs that run others: nothing of the environment or of configuration
/// files counts.
[[nodiscard]] Result<Outcome> run_verb(std::span<const std::string> arguments, Time now, std::stop_token stop);

/// The world of this process: its environment, its clock, its terminals.
[[nodiscard]] World process_world();

}  // namespace hw::app
