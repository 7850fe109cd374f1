#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hw::flow::read {

/// What a reader passed over for one reason: how often, and where it happened first.
struct Skipped {
    std::uint64_t count = 0;
    std::vector<std::uint64_t> first_offsets;  ///< Byte offsets in the unpacked input, at most `kOffsetsKept`.
};
inline constexpr std::size_t kOffsetsKept = 8;

/// How one input fared: nothing that a reader leaves out goes without a count.
struct ReadReport {
    std::string path;
    std::string format;            ///< `pcap`, `pcapng`, `zeek-tsv`, `zeek-json`.
    std::string sha256;            ///< Of the file as it lies on the disk, hexadecimal.
    std::uint64_t bytes = 0;       ///< Of the file as it lies on the disk.
    std::uint64_t records = 0;     ///< Records understood (packets, log lines).
    std::uint64_t flows = 0;
    bool flows_known = true;       ///< Not of an input that was imported into a store earlier, which keeps no number of its flows.
    std::map<std::string, Skipped, std::less<>> skipped;  ///< By reason.
    std::uint64_t snapped = 0;     ///< Packets captured shorter than they were; counted with their full length.
    bool damaged_tail = false;     ///< The file ends inside a record; all before it was used.

    void skip(std::string_view reason, std::uint64_t offset, std::uint64_t count = 1);
    [[nodiscard]] std::uint64_t skipped_total() const;
};

}  // namespace hw::flow::read
