#include "app/command/case_rerun.hpp"

namespace hw::app::command {

Result<std::vector<output::Rerun>> run_again(const Invocation& /*invocation*/, casefile::CaseFile& /*file*/, std::int64_t /*after*/, Progress& /*progress*/) { return std::vector<output::Rerun>(); }

}  // namespace hw::app::command
