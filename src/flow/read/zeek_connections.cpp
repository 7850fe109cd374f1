#include "flow/read/zeek_connections.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
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
    settle();
    if (flows_.size() == flows_.capacity()) { make_room(); }
    const Flow& flow = flows_.emplace_back(record.to_flow(observer_name_));
    ++report.records;
    last_hash_ = flow.uid.empty() ? static_cast<std::uint64_t>(flow.id) : XXH3_64bits_withSeed(flow.uid.data(), flow.uid.size(), hash_key_);
    index_.prefetch(last_hash_);
    last_offset_ = offset;
    last_report_ = &report;
    unsettled_ = true;
}

void Connections::settle() {
    using namespace connections_detail;
    if (!std::exchange(unsettled_, false)) { return; }
    const std::size_t last = flows_.size() - 1;
    const std::uint32_t found = index_.find(last_hash_, [&](std::uint32_t i) { return same_connection(flows_[i], flows_[last]); });
    if (found == FlowIndex::kNone) {
        index_.insert(last_hash_, static_cast<std::uint32_t>(last));
        ++last_report_->flows;
        return;
    }
    last_report_->skip("shorter record of a connection that is there", last_offset_);
    if (extent(flows_[last]) > extent(flows_[found])) { flows_[found] = std::move(flows_[last]); }
    flows_.pop_back();
}

void Connections::make_room() {
    constexpr std::size_t kFirst = 1024;
    constexpr std::size_t kBoldest = 64;  // times as much at once, whatever was announced
    const std::size_t size = std::max(flows_.size(), kFirst);
    const std::size_t hoped = expected_ + expected_ / 16;
    flows_.reserve(std::clamp(hoped, size * 2, size * kBoldest));
}

std::vector<Flow> Connections::take() {
    settle();
    index_ = FlowIndex();
    return std::exchange(flows_, {});
}

}  // namespace hw::flow::read::zeek
