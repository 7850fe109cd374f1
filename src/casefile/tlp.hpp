#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string_view>

namespace hw::casefile {

/// Traffic Light Protocol 2.0 (FIRST, August 2022): with whom something may be shared. In rising strictness.
enum class Tlp : std::uint8_t {
    clear,         ///< With everybody.
    green,         ///< Within the community.
    amber,         ///< Within the organisation and its clients, as they need to know.
    amber_strict,  ///< Within the organisation only.
    red,           ///< With the recipients alone.
};

/// `clear`, `green`, `amber`, `amber+strict`, `red`.
[[nodiscard]] std::string_view to_string(Tlp tlp);
/// Reads those, in either case, with or without `TLP:` before them.
[[nodiscard]] Result<Tlp> parse_tlp(std::string_view text);

}  // namespace hw::casefile
