#include "app/shortened.hpp"

namespace hw::app {

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) { return std::string(text); }
    // Bytes 10xxxxxx continue a character; at most three of them do.
    std::size_t end = most;
    while (end > 0 && most - end < 3 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) { --end; }
    return std::string(text.substr(0, end)) + "...";
}

}  // namespace hw::app
