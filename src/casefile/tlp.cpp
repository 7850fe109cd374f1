#include "casefile/tlp.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace hw::casefile {
namespace {
constexpr std::array<std::string_view, 5> kLabels{"clear", "green", "amber", "amber+strict", "red"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
}  // namespace

std::string_view to_string(Tlp tlp) { return kLabels[static_cast<std::size_t>(tlp)]; }

Result<Tlp> parse_tlp(std::string_view text) {
    std::string label(text);
    std::ranges::transform(label, label.begin(), lower);
    if (label.starts_with("tlp:")) { label.erase(0, 4); }
    const auto found = std::ranges::find(kLabels, label);
    if (found == kLabels.end()) {
        return fail(Errc::usage, "there is no TLP label \"" + std::string(text.substr(0, 40)) + "\"", {}, "one of clear, green, amber, amber+strict, red (TLP 2.0)");
    }
    return static_cast<Tlp>(found - kLabels.begin());
}

}  // namespace hw::casefile
