#pragma once

#include "app/command/invocation.hpp"
#include "app/output/case_output.hpp"
#include "app/progress.hpp"
#include "casefile/case_file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hw::app::command {

/// Runs every filed run after entry `after` again, where its inputs are here and are what they were, and says whether it gave the same bytes.
[[nodiscard]] Result<std::vector<output::Rerun>> run_again(const Invocation& invocation, casefile::CaseFile& file, std::int64_t after, Progress& progress);

}  // namespace hw::app::command
