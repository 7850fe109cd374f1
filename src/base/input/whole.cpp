#include "base/input/whole.hpp"

namespace hw {

Result<std::string> read_whole(ByteSource& source, std::size_t most) {
    std::string text;
    while (text.size() <= most) {
        HW_TRY(const auto block, source.next());
        if (block.empty()) { break; }
        text += as_text(block);
    }
    return text;
}

}  // namespace hw
