#pragma once

#include "base/error.hpp"
#include "flow/store/segment.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::store {

/// A live segment, as the manifest names it.
struct SegmentEntry {
    std::string file;          ///< In the store's folder.
    std::uint64_t bytes = 0;
    SegmentFacts facts;
    friend bool operator==(const SegmentEntry&, const SegmentEntry&) = default;
};

/// An input that has been imported: it is not imported again.
struct ImportedInput {
    std::string sha256;        ///< 64 hexadecimal digits, of the file as it lay on the disk.
    std::string format;
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    std::string path;
    std::string note = {};     ///< What every result that rests on it must say, such as "synthetic traffic"; empty: nothing.
    friend bool operator==(const ImportedInput&, const ImportedInput&) = default;
};

/// What a store holds: the one file that is replaced as a whole, so that all of an import is there or nothing of it.
struct Manifest {
    std::uint64_t next = 1;    ///< Number of the next segment; never used twice.
    std::vector<SegmentEntry> segments;
    std::vector<ImportedInput> inputs;
    /// A collector's write-aheads whose flows are in the segments, as long as their files may still be there.
    std::vector<std::string> ahead = {};
    friend bool operator==(const Manifest&, const Manifest&) = default;
};

inline constexpr std::string_view kManifestFile = "manifest";
inline constexpr std::string_view kSegmentEnd = ".segment";

/// How the name of a collector's write-ahead ends. Such a name is made of digits, the letters a to f, and `-`.
inline constexpr std::string_view kAheadEnd = ".ahead";
[[nodiscard]] bool is_ahead_name(std::string_view name);

/// Text, one line a thing, the last line a sum of all before it. Docs: docs/store-format.md.
[[nodiscard]] std::string render_manifest(const Manifest& manifest);
/// Reads what `render_manifest` wrote. Fails (`malformed`) where anything is amiss, (`unsupported`) for a later version.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text, const std::string& where);

}  // namespace hw::flow::store
