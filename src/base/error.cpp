#include "base/error.hpp"

namespace hw {

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::usage: return "usage";
        case Errc::not_found: return "not_found";
        case Errc::unreadable: return "unreadable";
        case Errc::malformed: return "malformed";
        case Errc::truncated: return "truncated";
        case Errc::unsupported: return "unsupported";
        case Errc::limit: return "limit";
        case Errc::interrupted: return "interrupted";
        case Errc::refused: return "refused";
        case Errc::internal: return "internal";
    }
    return "internal";
}

std::string to_text(const Error& error) {
    std::string text = "error: " + error.message + '\n';
    if (!error.where.empty()) { text += "where: " + error.where + '\n'; }
    if (!error.hint.empty()) { text += "hint: " + error.hint + '\n'; }
    return text;
}

}  // namespace hw
