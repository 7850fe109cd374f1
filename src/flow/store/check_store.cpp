#include "flow/store/store.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace hw::flow::store {

Result<StoreCheck> check_store(const std::string& folder) {
    HW_TRY(const auto manifest, read_manifest(folder));
    StoreCheck check;
    for (const SegmentEntry& entry : manifest.segments) {
        ++check.segments;
        check.flows += entry.facts.rows;
        check.bytes += entry.bytes;
        const auto segment = Segment::open(folder + "/" + entry.file);
        if (!segment) {
            check.damages.push_back({.file = entry.file, .offset = 0, .size = 0, .what = segment.error().message});
            continue;
        }
        if ((*segment)->facts() != entry.facts) { check.damages.push_back({.file = entry.file, .offset = 0, .size = 0, .what = "not the segment that the manifest names"}); }
        for (auto& damage : (*segment)->scrub()) { check.damages.push_back({.file = entry.file, .offset = damage.offset, .size = damage.size, .what = std::move(damage.what)}); }
    }
    for (std::string& file : files_ending(folder, kDirectoryEnd)) {
        const auto directory = HostDirectory::open(fmt::format("{}/{}", folder, file));
        if (directory ? (*directory)->sound() : directory.error().code != Errc::malformed) { continue; }  // what cannot be opened is not said to be damaged
        check.damages.push_back({.file = std::move(file), .offset = 0, .size = 0, .what = "a directory of hosts is damaged: no flow is lost by it, and store compact makes it anew"});
    }
    return check;
}

}  // namespace hw::flow::store
