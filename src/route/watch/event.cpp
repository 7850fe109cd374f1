#include "route/watch/event.hpp"

#include <array>

namespace hw::route {

std::string_view to_string(EventKind kind) {
    static constexpr std::array<std::string_view, kEventKinds> kWords{"outage", "instability", "new-origin", "more-specific", "new-upstream", "leak", "rpki-invalid", "session-down", "collector-silent"};
    return kWords[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Fit fit) {
    static constexpr std::array<std::string_view, 3> kWords{"fits", "does not fit", "cannot be told"};
    return kWords[static_cast<std::size_t>(fit)];
}

}  // namespace hw::route
