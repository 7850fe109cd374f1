#include "flow/store/words.hpp"

#include "base/parse.hpp"

#include <fmt/format.h>

namespace hw::flow::store {

std::string escaped(std::string_view text) {
    if (text.empty()) { return "%"; }
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7f || c == '%') { out += fmt::format("%{:02x}", byte); }
        else { out += c; }
    }
    return out;
}

std::optional<std::string> unescaped(std::string_view text) {
    std::string out;
    if (text == "%") { return out; }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const auto byte = i + 2 < text.size() ? parse_integer<unsigned>(text.substr(i + 1, 2), 16) : std::nullopt;
        if (!byte) { return std::nullopt; }
        out += static_cast<char>(*byte);
        i += 2;
    }
    return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto blank = line.find(' ');
        words.push_back(line.substr(0, blank));
        line = blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    }
    return words;
}

}  // namespace hw::flow::store
