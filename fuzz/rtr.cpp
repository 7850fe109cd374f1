// RTR: whatever a cache sends, in blocks as in one piece, ends in data or in an error, and the same in both.
#include "route/rpki/rtr_session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::route::rpki;
    const auto bytes = std::as_bytes(std::span(data, size));
    RtrSession whole, pieces;
    whole.begin();
    pieces.begin();
    const bool good = whole.feed(bytes).has_value();
    bool still = true;
    for (std::size_t at = 0; at < size && still; at += 5) { still = pieces.feed(bytes.subspan(at, std::min<std::size_t>(5, size - at))).has_value(); }
    if (good != still || whole.completed() != pieces.completed() || whole.authorisations().size() != pieces.authorisations().size() || whole.take_output() != pieces.take_output()) { std::abort(); }
    return 0;
}
