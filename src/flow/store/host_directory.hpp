#pragma once

#include "base/error.hpp"
#include "flow/store/host_pages.hpp"
#include "flow/store/segment.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// Which hosts lie in which of up to 64 segments: one look instead of one a segment, for stores of many. It can always be worked
/// out again from the segments, so that one that is missing or damaged costs time and nothing else. The segments are those that
/// were sealed one after the other: about a day, or a part of one. Docs: docs/store-format.md.
class HostDirectory {
public:
    static constexpr std::size_t kMostSegments = 64;
    /// For fewer it would take more room than it spares time.
    static constexpr std::size_t kFewestSegments = 32;

    /// Maps a file. Fails where it is none, or its front is damaged.
    [[nodiscard]] static Result<std::shared_ptr<const HostDirectory>> open(const std::string& path);
    /// The same over bytes that outlive it.
    [[nodiscard]] static Result<std::shared_ptr<const HostDirectory>> parse(std::span<const std::byte> bytes, const std::string& name);
    ~HostDirectory();
    HostDirectory(const HostDirectory&) = delete;
    HostDirectory& operator=(const HostDirectory&) = delete;

    /// Files of the segments it tells of.
    [[nodiscard]] std::span<const std::string> segments() const { return segments_; }
    /// Bit `i`: whether `segments()[i]` holds flows of the host. All bits where that cannot be read.
    [[nodiscard]] std::uint64_t holders(const net::Address& host) const;
    /// Whether every piece is as its sum says.
    [[nodiscard]] bool sound() const;
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

private:
    HostDirectory() = default;
    [[nodiscard]] Result<void> read_front();
    [[nodiscard]] bool verified(std::size_t page) const;

    std::string name_;
    std::span<const std::byte> bytes_;
    std::size_t mapped_ = 0;
    std::vector<std::string> segments_;
    std::span<const std::byte> pages_;
    std::span<const std::byte> sums_;
    HostPages hosts_;
    mutable std::unique_ptr<std::atomic<bool>[]> checked_;  // NOLINT(*-avoid-c-arrays): atomics do not move
};

inline constexpr std::string_view kDirectoryEnd = ".directory";

/// A directory of these segments as bytes; `names[i]` is the file of `segments[i]`. Takes 1 to 64 segments of version 2. Fails where one's hosts cannot be read.
[[nodiscard]] Result<std::vector<std::byte>> write_directory(std::span<const std::shared_ptr<const Segment>> segments, std::span<const std::string> names);

/// Makes directories for segments of a store that have none, and takes away those of which most segments are gone; for whoever has
/// changed a store. Needs no lock: a directory says of which segments it is. A failure is none of the change's, for readers do without.
void keep_directories(const std::string& folder);
/// Takes away directories that are damaged anywhere, for `keep_directories` to make anew. Reads all of them.
void drop_damaged_directories(const std::string& folder);

}  // namespace hw::flow::store
