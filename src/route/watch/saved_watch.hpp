#pragma once

#include "base/error.hpp"
#include "route/watch/watcher.hpp"

#include <cstddef>
#include <set>
#include <span>
#include <string>

namespace hw::route {

/// A watch as it is kept over a restart: all that it knows, and the files that it has read.
struct SavedWatch {
    std::set<std::string> files;  ///< Names of updates and tables that need not be read again.
};

/// The state as bytes: `HWWATCH` and a version, the length and XXH3 checksum of what follows, the targets, the files, the watcher's members. Numbers are of the
/// machine that wrote them (little endian, 64 bits): the file is for this machine, not for exchange.
[[nodiscard]] std::string save_watch(Watcher& watcher, const SavedWatch& saved);

/// Puts a state into a watcher that has been made for the same targets and has seen nothing. Fails with `malformed` where the bytes are no such state, damaged or of
/// another version, with `usage` where they are of other targets; the watcher is then not to be used.
[[nodiscard]] Result<SavedWatch> load_watch(std::span<const std::byte> bytes, Watcher& watcher);

}  // namespace hw::route
