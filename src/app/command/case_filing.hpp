#pragma once

#include "app/command/invocation.hpp"
#include "app/output/context.hpp"

#include <string>
#include <vector>

/// `--case FILE`: what trace, map, watch and relay-test find is filed, with what it takes to find it again.
namespace hw::app::command {

/// Told before long work: whether the case of --case is there and the key may sign in it. Done where there is no --case.
[[nodiscard]] Result<void> check_filing(const Invocation& invocation);

/// Files a run into the case of --case: its command and inputs with hashes, the hash of its result, and what it found (docs/weigh.md).
/// `result`: as --json prints it. Says on standard error what was filed. Done where there is no --case.
[[nodiscard]] Result<void> file_run(const Invocation& invocation, const output::Context& context, const std::string& result);

}  // namespace hw::app::command
