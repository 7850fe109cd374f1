#include "app/output/weigh_output.hpp"

namespace hw::app::output {
std::string weigh_html(const WeighView&, const Context&) { return {}; }
}  // namespace hw::app::output
