#pragma once

#include "flow/flow.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hw::flow::store {

/// Appends what few flows have, handshake, activity and the log's identifier; nothing at all for a flow that has none.
/// Returns whether anything was appended.
[[nodiscard]] bool append_extras(std::vector<std::byte>& out, const Flow& flow);

/// Fills in what `append_extras` wrote; `flow.first` must be set. False when the bytes are not that.
[[nodiscard]] bool take_extras(std::span<const std::byte> bytes, Flow& flow);

}  // namespace hw::flow::store
