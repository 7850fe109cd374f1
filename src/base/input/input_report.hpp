#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hw {

/// What a reader passed over for one reason: how often, and where it happened first.
struct Skipped {
    std::uint64_t count = 0;
    std::vector<std::uint64_t> first_offsets;  ///< Byte offsets in the unpacked input, at most `kOffsetsKept`.
};
inline constexpr std::size_t kOffsetsKept = 8;

/// How one input fared: nothing that a reader leaves out goes without a count.
struct InputReport {
    std::string path;
    std::string format;            ///< `pcap`, `zeek-tsv`, `mrt`, ...
    std::string sha256;            ///< Of the file as it lies on the disk, hexadecimal.
    std::uint64_t bytes = 0;       ///< Of the file as it lies on the disk.
    std::uint64_t records = 0;     ///< Records understood (packets, log lines, routing messages).
    std::map<std::string, Skipped, std::less<>> skipped;  ///< By reason.
    std::map<std::string, Skipped, std::less<>> noted = {};  ///< What was read though it is not as it says it is, by what is wrong with it.
    bool damaged_tail = false;     ///< The file ends inside a record; all before it was used.

    void skip(std::string_view reason, std::uint64_t offset, std::uint64_t count = 1);
    void note(std::string_view what, std::uint64_t offset);
    [[nodiscard]] std::uint64_t skipped_total() const;
};

}  // namespace hw
