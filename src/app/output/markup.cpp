#include "app/output/markup.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <vector>

namespace hw::app::output {

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : printable(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
    std::vector<std::string_view> characters;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t size = next_utf8(rest).size;
        characters.push_back(rest.substr(0, size));
        rest.remove_prefix(size);
    }
    if (characters.size() <= limit || limit < 3) { return std::string(text); }
    const std::size_t head = limit / 2;
    const std::size_t tail = limit - head - 1;
    std::string out;
    for (std::size_t i = 0; i < head; ++i) { out += characters[i]; }
    out += "…";
    for (std::size_t i = characters.size() - tail; i < characters.size(); ++i) { out += characters[i]; }
    return out;
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) { return std::string(text); }
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') { out += "'\\''"; }
        else { out += c; }
    }
    return out + "'";
}

}  // namespace hw::app::output
