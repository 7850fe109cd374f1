#include "flow/read/zeek_lines.hpp"

#include <algorithm>

namespace hw::flow::read::zeek {
namespace {
namespace lines_detail {

std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) { line.remove_suffix(1); }
    return line;
}

}  // namespace lines_detail
}  // namespace

Result<std::optional<Line>> Lines::next() {
    const std::size_t end = block_.find('\n');
    if (end == std::string_view::npos || block_.size() - end <= kLinePadding || end > kLongestLine) { return join(); }
    Line line{.text = lines_detail::without_return(block_.substr(0, end)), .offset = offset_};
    block_.remove_prefix(end + 1);
    offset_ += end + 1;
    return line;
}

Result<std::optional<Line>> Lines::join() {
    Line line{.text = {}, .offset = offset_};
    joined_.clear();
    bool any = false;
    for (bool done = false; !done;) {
        if (block_.empty()) {
            if (!ended_) {
                HW_TRY(const auto bytes, bytes_.next());
                block_ = {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
                ended_ = bytes.empty();
            }
            if (ended_) {
                if (!any) { return std::nullopt; }
                line.ended = false;
                break;
            }
        }
        const std::size_t end = block_.find('\n');
        done = end != std::string_view::npos;
        const std::string_view part = block_.substr(0, end);
        any = true;
        if (joined_.size() + part.size() > kLongestLine) {
            line.too_long = true;
        } else if (!line.too_long) {
            joined_.insert(joined_.end(), part.begin(), part.end());
        }
        block_.remove_prefix(part.size() + (done ? 1 : 0));
        offset_ += part.size() + (done ? 1 : 0);
    }
    if (!line.too_long) {
        const std::size_t size = joined_.size();
        joined_.resize(size + kLinePadding);
        line.text = lines_detail::without_return({joined_.data(), size});
    }
    return line;
}

}  // namespace hw::flow::read::zeek
