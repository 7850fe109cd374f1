#pragma once

#include "trace/link.hpp"

#include <cstddef>
#include <functional>

namespace hw::trace {

/// Calls `work(i)` for every i below `count` on `options.threads` threads, until `options.stop`. Each call writes to its
/// own slot only, so the result does not depend on the threads.
void for_each_index(std::size_t count, const LinkOptions& options, const std::function<void(std::size_t)>& work);

}  // namespace hw::trace
