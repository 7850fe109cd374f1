// AS relationships (serial-1): any bytes are read without a crash, in blocks as in one piece, and what was read prints and reads
// back as the same links.
#include "route/graph/relationships.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::route;
    const std::string text(data, data + size);
    const RelationshipLimits limits{.links = 100, .line_bytes = 200};
    const auto whole = parse_relationships(text, limits);
    RelationshipReader reader(limits);
    bool broke = false;
    for (std::size_t at = 0; at < size && !broke; at += 7) { broke = !reader.feed(std::string_view(text).substr(at, 7)); }
    if (broke) {
        if (whole) { std::abort(); }
        return 0;
    }
    const auto pieces = std::move(reader).finish();
    if (pieces.has_value() != whole.has_value()) { std::abort(); }
    if (!whole) { return 0; }
    if (pieces->links != whole->links || pieces->clique != whole->clique || pieces->report.faults != whole->report.faults) { std::abort(); }
    const auto again = parse_relationships(to_text(*whole));
    if (!again || again->links != whole->links || again->clique != whole->clique) { std::abort(); }
    return 0;
}
