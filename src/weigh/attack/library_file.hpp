#pragma once

#include "weigh/attack/library.hpp"

#include "base/input/unpack.hpp"

namespace hw::weigh::attack {

/// Reads the bundle, packed or plain, of up to 256 MiB. Errors name `where`.
[[nodiscard]] Result<Library> read_library(InputBytes& input, const std::string& where);

}  // namespace hw::weigh::attack
