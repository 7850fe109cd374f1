#pragma once

#include "base/input/byte_source.hpp"

#include <cstddef>
#include <string>

namespace hw {

/// All that the source gives. Stops soon after `most` bytes: what is longer than that is not the whole.
[[nodiscard]] Result<std::string> read_whole(ByteSource& source, std::size_t most);

}  // namespace hw
