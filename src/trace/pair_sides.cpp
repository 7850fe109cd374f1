#include "trace/pair_sides.hpp"

#include "trace/views.hpp"

#include <algorithm>

namespace hw::trace {

namespace {
namespace pair_sides {

/// Whether an observer earlier in the list holds the same flow.
bool seen_before(const Views& views, const flow::Flow& flow) {
    for (std::size_t o = 0; o < static_cast<std::size_t>(flow.observer); ++o) {
        const flow::Flow* other = views.seen_by(flow, static_cast<flow::ObserverId>(o));
        if (other != nullptr && other->activity.empty() == flow.activity.empty()) { return true; }
    }
    return false;
}

}  // namespace pair_sides
}  // namespace

Result<PairSide> gather_side(const flow::FlowSource& source) {
    HW_TRY(const Views views, Views::of_all(source));
    PairSide side;
    HW_CHECK(source.scan(source.interval(), [&](const flow::Flow& flow) {
        if (source.observers().size() > 1 && pair_sides::seen_before(views, flow)) { return true; }
        const Duration ahead = views.clocks()[static_cast<std::size_t>(flow.observer)].ahead;
        const bool binned = !flow.activity.empty() && flow.activity.width() == flow::kActivityBinWidth;
        const bool counted = flow.handshake.syn.has_value() || binned;  // from packets: an empty course means silence
        const bool brief = flow.last - flow.first < kShortestPaired || flow.request.packets + flow.reply.packets < kFewestPacketsPaired;
        if (brief || (counted && !binned)) { ++side.too_short; }
        else if (binned) { side.courses.push_back({source.keep(flow), ahead}); }
        else { side.records.push_back({source.keep(flow), ahead}); }
        return true;
    }));
    return side;
}

bool same_conversation(const flow::Flow& a, const flow::Flow& b) {
    return a.protocol == b.protocol && std::minmax(a.client, a.server) == std::minmax(b.client, b.server);
}

}  // namespace hw::trace
