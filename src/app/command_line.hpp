#pragma once

#include "app/options.hpp"
#include "base/error.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace hw::app {

/// What was typed, taken apart but not yet judged.
struct CommandLine {
    std::string verb;  ///< A verb of the table; empty where nothing at all was typed.
    std::map<const OptionSpec*, std::vector<std::string>> options;
    std::vector<std::string> operands;

    [[nodiscard]] bool has(std::string_view option) const;
};

/// Takes the arguments (without the program's name) apart by the tables. Fails with `usage` on an unknown verb or
/// option, naming the nearest known one, and on a missing value.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string> arguments);

}  // namespace hw::app
