#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hw {

/// Makes lines of text that comes in blocks of any size. A line ends with `\n`; a `\r` before it goes too. Lines longer than allowed are
/// told but not kept, however long they are.
class LineSplitter {
public:
    explicit LineSplitter(std::size_t longest) : longest_(longest) {}

    /// Calls `line(text, offset)`, a `Result<void>`, for each line that ends in `block`, and `too_long(offset)` once for one that is too long.
    /// The first failure of `line` ends it.
    template <typename Line, typename TooLong>
    [[nodiscard]] Result<void> feed(std::string_view block, Line&& line, TooLong&& too_long) {
        while (!block.empty()) {
            const std::size_t end = block.find('\n');
            const std::string_view piece = block.substr(0, end);
            length_ += piece.size();
            if (!overlong_ && length_ > longest_) {
                too_long(start_);
                overlong_ = true;
                partial_.clear();
            }
            if (end == std::string_view::npos) {
                if (!overlong_) { partial_ += piece; }
                return {};
            }
            if (!overlong_) {
                if (!partial_.empty()) { partial_ += piece; }
                HW_CHECK(line(without_return(partial_.empty() ? piece : std::string_view(partial_)), start_));
            }
            partial_.clear();
            overlong_ = false;
            start_ += length_ + 1;
            length_ = 0;
            block.remove_prefix(end + 1);
        }
        return {};
    }

    /// The end of the text: what stands behind the last `\n` is a line too.
    template <typename Line>
    [[nodiscard]] Result<void> finish(Line&& line) {
        if (partial_.empty()) { return {}; }
        return line(without_return(partial_), start_);
    }

private:
    static std::string_view without_return(std::string_view line) {
        if (line.ends_with('\r')) { line.remove_suffix(1); }
        return line;
    }

    std::size_t longest_;
    std::string partial_;
    std::uint64_t start_ = 0;   ///< Offset of the line that is being read.
    std::uint64_t length_ = 0;  ///< Of it so far.
    bool overlong_ = false;
};

}  // namespace hw
