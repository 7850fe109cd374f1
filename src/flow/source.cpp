#include "flow/source.hpp"

#include "flow/shared_starts.hpp"

namespace hw::flow {

Result<void> FlowSource::visit_flows_of(const net::Address& host, const std::function<bool(const Flow&)>& visit) const {
    HW_TRY(const auto flows, flows_of(host, interval()));
    for (const Flow* flow : flows) {
        if (!visit(*flow)) { break; }
    }
    return {};
}

Result<void> FlowSource::scan_within(const FilterBounds& /*bounds*/, Interval interval, const std::function<bool(const Flow&)>& visit) const { return scan(interval, visit); }

Result<std::vector<SharedStarts>> FlowSource::shared_starts() const {
    SharedStartsGatherer gathered;
    if (observers().size() > 1) {
        HW_CHECK(scan(interval(), [&](const Flow& flow) {
            gathered.add(conversation_key(flow), flow.observer, flow.first);
            return true;
        }));
    }
    return gathered.take();
}

}  // namespace hw::flow
