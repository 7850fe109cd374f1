#pragma once

#include "base/error.hpp"
#include "flow/store/manifest.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// Whether `path` is a folder that holds a store, be its manifest readable or not.
[[nodiscard]] bool is_store(const std::string& path);

/// Writes a file so that it is there whole, also after a loss of power, or not at all: beside its place, flushed, then moved.
/// On failure (a full disk) nothing is left.
[[nodiscard]] Result<void> write_durably(const std::string& folder, const std::string& name, std::span<const std::byte> bytes);
/// The same of two pieces, one behind the other.
[[nodiscard]] Result<void> write_durably(const std::string& folder, const std::string& name, std::span<const std::byte> first, std::span<const std::byte> second);

/// The same of a segment's two pieces, as the store's next; gives the file's name. The name says which contents (the sum of the front, which holds the sums of all
/// else), so that what is noted elsewhere under a name never holds of another segment, not even in a store some of whose files were restored from a copy.
[[nodiscard]] Result<std::string> write_next_segment(const std::string& folder, Manifest& manifest, std::span<const std::byte> front, std::span<const std::byte> data);

/// Names of the files in the folder that end so, sorted. Of a folder that cannot be read whole, those that were found.
[[nodiscard]] std::vector<std::string> files_ending(const std::string& folder, std::string_view end);

[[nodiscard]] Result<Manifest> read_manifest(const std::string& folder);
/// The same; that of an empty store where the folder holds none yet. Fails where segments lie there without a manifest: they must not be taken for what a
/// killed import left.
[[nodiscard]] Result<Manifest> read_manifest_or_new(const std::string& folder);
[[nodiscard]] Result<void> write_manifest(const std::string& folder, const Manifest& manifest);

/// The right to change a store; one process has it at a time, readers need none. Ends with the object or the process.
class WriteLock {
public:
    /// Makes the folder where it is missing. Fails (`refused`) when another process is writing.
    [[nodiscard]] static Result<std::unique_ptr<WriteLock>> take(const std::string& folder);
    ~WriteLock();
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

private:
    explicit WriteLock(int file) : file_(file) {}
    int file_;
};

/// Removes segments that the manifest does not name, and half-written files: what an import that was killed left.
/// To be called with the lock.
void remove_leftovers(const std::string& folder, const Manifest& manifest);

}  // namespace hw::flow::store
