#include "app/output/context.hpp"

namespace hw::app::output {

std::string Context::observer_name(flow::ObserverId id) const {
    const auto index = static_cast<std::size_t>(id);
    return index < observers.size() ? observers[index].name : "?";
}

}  // namespace hw::app::output
