// ATT&CK bundles: any JSON is refused or becomes a library, whose match gives chances that add up.
#include "weigh/attack/match.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    using namespace hw::weigh::attack;
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
    const auto value = parse_json(text, "fuzz", {.bytes = std::size_t{1} << 20U});
    if (!value) { return 0; }
    const auto library = read_library(*value, "fuzz");
    if (!library) { return 0; }
    Observed observed;
    for (std::uint32_t f = 0; f < library->features.size(); f += 2) { observed.features.push_back(f); }
    if (!library->sources.empty()) { observed.year = library->sources.front().year; }
    const auto told = match(Profiles(*library, library->sources.empty() ? std::nullopt : std::optional<std::uint32_t>(0)), observed);
    const double sum = std::accumulate(told.groups.begin(), told.groups.end(), 0.0);
    if (!(std::fabs(sum - 1) < 1e-6) || !(told.none >= 0 && told.none <= 1)) { std::abort(); }
    return 0;
}
