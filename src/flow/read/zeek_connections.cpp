#include "flow/read/zeek_connections.hpp"

#include <xxhash.h>

#include <random>
#include <tuple>
#include <utility>

namespace hw::flow::read::zeek {
namespace {
namespace connections_detail {

bool same_connection(const Flow& a, const Flow& b) {
    if (a.uid != b.uid || a.protocol != b.protocol) { return false; }
    // Zeek may change its mind on who opened a connection between two records of it.
    const bool straight = a.client == b.client && a.server == b.server;
    const bool turned = a.client == b.server && a.server == b.client;
    return (straight || turned) && (!a.uid.empty() || a.id == b.id);
}

/// How much a record tells of its connection.
auto extent(const Flow& flow) {
    return std::tuple(flow.last - flow.first, flow.request.packets + flow.reply.packets, flow.request.bytes + flow.reply.bytes);
}

}  // namespace connections_detail
}  // namespace

// The result does not depend on the key: the index is only looked up in, never walked.
Connections::Connections(std::string observer_name) : observer_name_(std::move(observer_name)), hash_key_(std::random_device{}()) {}

void Connections::add(const ConnRecord& record, std::uint64_t offset, ReadReport& report) {
    using namespace connections_detail;
    Flow flow = record.to_flow(observer_name_);
    ++report.records;
    const std::uint64_t hash = flow.uid.empty() ? static_cast<std::uint64_t>(flow.id) : XXH3_64bits_withSeed(flow.uid.data(), flow.uid.size(), hash_key_);
    const std::uint32_t found = index_.find(hash, [&](std::uint32_t i) { return same_connection(flows_[i], flow); });
    if (found == FlowIndex::kNone) {
        index_.insert(hash, static_cast<std::uint32_t>(flows_.size()));
        flows_.push_back(std::move(flow));
        ++report.flows;
        return;
    }
    report.skip("shorter record of a connection that is there", offset);
    if (extent(flow) > extent(flows_[found])) { flows_[found] = std::move(flow); }
}

std::vector<Flow> Connections::take() {
    index_ = FlowIndex();
    return std::exchange(flows_, {});
}

}  // namespace hw::flow::read::zeek
