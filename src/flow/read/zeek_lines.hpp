#pragma once

#include "base/error.hpp"
#include "flow/read/byte_source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
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

}  // namespace hw::flow::read::zeek
