#pragma once

#include "base/error.hpp"
#include "base/input/byte_source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::flow::read::zeek {

/// Lines longer than this are passed over: no log has them, and memory stays bounded.
inline constexpr std::size_t kLongestLine = std::size_t{1} << 20U;
/// Bytes that may be read (their values mean nothing) past a line's end, as fast scanners do.
inline constexpr std::size_t kLinePadding = 64;

/// One line without its end (`\n` or `\r\n`).
struct Line {
    std::string_view text;     ///< Empty where `too_long`. Valid until the next line is asked for.
    std::uint64_t offset = 0;  ///< Of its first byte.
    bool too_long = false;
    bool ended = true;  ///< By a line end; false: by the end of the bytes.
};

/// Cuts bytes into lines, without a copy where a line lies within one block.
class Lines {
public:
    explicit Lines(ByteSource& bytes) : bytes_(bytes) {}

    /// The next line; nothing at the end.
    [[nodiscard]] Result<std::optional<Line>> next();
    /// Whether the next line will ask the source for more bytes: a good moment to look at a clock or a request to stop.
    [[nodiscard]] bool at_block_end() const { return block_.empty(); }

private:
    [[nodiscard]] Result<std::optional<Line>> join();

    ByteSource& bytes_;
    std::string_view block_;   ///< What is left of the current block.
    std::uint64_t offset_ = 0;  ///< Of the front of `block_`.
    bool ended_ = false;
    std::vector<char> joined_;  ///< A line that spans blocks, or lies too near a block's end to be padded by it.
};

/// Gives every line of `bytes` to `reader.take`, without a byte-order mark before the first, then ends with
/// `reader.finish()`. A stop leaves off between blocks, with neither the line that it cut nor the finish.
template <typename Reader>
[[nodiscard]] Result<void> read_lines(ByteSource& bytes, Reader& reader, const std::stop_token& stop) {
    Lines lines(bytes);
    bool first = true;
    while (true) {
        if (lines.at_block_end() && stop.stop_requested()) { return {}; }
        HW_TRY(std::optional<Line> line, lines.next());
        if (!line) { break; }
        if (!line->ended && stop.stop_requested()) { return {}; }  // cut by us
        if (std::exchange(first, false) && line->text.starts_with("\xef\xbb\xbf")) { line->text.remove_prefix(3); }
        reader.take(*line);
    }
    if (stop.stop_requested()) { return {}; }
    return reader.finish();
}

}  // namespace hw::flow::read::zeek
