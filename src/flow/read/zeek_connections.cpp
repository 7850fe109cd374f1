#include "flow/read/zeek_connections.hpp"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
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

/// Whether Zeek may write it down again: it lasts, and nothing says that it has ended. Scripts that write such records do so after
/// minutes, or a minute at the least.
bool may_grow(const Flow& flow) { return flow.end != FlowEnd::end_of_flow && flow.last - flow.first >= std::chrono::seconds(60); }

std::uint64_t mixed(const net::Endpoint& e) {
    std::uint64_t x = e.address.low() ^ (e.address.high() * 0x9e37'79b9'7f4a'7c15ULL) ^ (std::uint64_t{net::number(e.port)} << 47U);
    x = (x ^ (x >> 32U)) * 0xbf58'476d'1ce4'e5b9ULL;
    return x ^ (x >> 29U);
}

}  // namespace connections_detail
}  // namespace

// The result does not depend on the key: what is found by hash is compared, and 64 bits of chance tell those apart that were taken.
Connections::Connections(std::string observer_name) : observer_name_(std::move(observer_name)), hash_key_(std::random_device{}()) {}

std::uint64_t Connections::hash_of(const Flow& flow) const {
    using namespace connections_detail;
    if (flow.uid.empty()) { return static_cast<std::uint64_t>(flow.id); }
    return XXH3_64bits_withSeed(flow.uid.data(), flow.uid.size(), hash_key_ ^ (mixed(flow.client) + mixed(flow.server) + number(flow.protocol)));
}

void Connections::add(const ConnRecord& record, std::uint64_t offset, ReadReport& report) {
    settle();
    if (young_.flows.size() == young_.flows.capacity()) { make_room(); }
    const Flow& flow = young_.flows.emplace_back(record.to_flow(observer_name_));
    ++report.records;
    last_hash_ = hash_of(flow);
    young_.index.prefetch(last_hash_);
    old_.index.prefetch(last_hash_);
    taken_.prefetch(last_hash_);
    last_offset_ = offset;
    last_report_ = &report;
    unsettled_ = true;
}

Flow* Connections::find(Generation& among, const Flow& flow) const {
    using namespace connections_detail;
    const std::uint32_t found = among.index.find(last_hash_, [&](std::uint32_t i) { return same_connection(among.flows[i], flow); });
    return found == FlowIndex::kNone ? nullptr : &among.flows[found];
}

void Connections::settle() {
    using namespace connections_detail;
    if (!std::exchange(unsettled_, false)) { return; }
    Flow& last = young_.flows.back();
    Flow* before = find(young_, last);
    if (before == nullptr && old_.index.size() > 0) { before = find(old_, last); }
    if (before != nullptr) {
        last_report_->skip("shorter record of a connection that is there", last_offset_);
        if (extent(last) > extent(*before)) { *before = std::move(last); }
    } else if (taken_.has(last_hash_)) {
        last_report_->skip("further record of a connection that was passed on already", last_offset_);
    } else {
        young_.index.insert(last_hash_, static_cast<std::uint32_t>(young_.flows.size() - 1));
        young_.hashes.push_back(last_hash_);
        ++last_report_->flows;
        return;
    }
    young_.flows.pop_back();
}

void Connections::make_room() {
    constexpr std::size_t kFirst = 1024;
    constexpr std::size_t kBoldest = 64;  // times as much at once, whatever was announced
    const std::size_t size = std::max(young_.flows.size(), kFirst);
    const std::size_t hoped = expected_ + expected_ / 16;
    young_.flows.reserve(std::clamp(hoped, size * 2, size * kBoldest));
}

std::vector<Flow> Connections::take() {
    settle();
    auto all = std::move(old_.flows);
    if (all.empty()) {
        all = std::move(young_.flows);
    } else {
        all.insert(all.end(), std::make_move_iterator(young_.flows.begin()), std::make_move_iterator(young_.flows.end()));
    }
    young_ = {};
    old_ = {};
    return all;
}

void Connections::give_all(Generation& of, bool rest, const Give& give) {
    using namespace connections_detail;
    std::size_t stayed = 0;
    std::size_t given = 0;
    const auto give_until = [&](std::size_t end) {
        if (end > given) { give(std::span(of.flows).subspan(given, end - given)); }
        given = end + 1;
    };
    constexpr std::size_t kAhead = 8;
    for (std::size_t i = 0; i < of.flows.size(); ++i) {
        if (!rest && i + kAhead < of.flows.size()) { taken_.prefetch(of.hashes[i + kAhead]); }
        if (!rest && stayed < kHeld / 2 && may_grow(of.flows[i])) {
            ++stayed;
            give_until(i);
            young_.index.insert(of.hashes[i], static_cast<std::uint32_t>(young_.flows.size()));
            young_.hashes.push_back(of.hashes[i]);
            young_.flows.push_back(std::move(of.flows[i]));
        } else if (!rest) {
            taken_.add(of.hashes[i]);
        }
    }
    give_until(of.flows.size());
    of.flows.clear();
    of.hashes.clear();
    of.index.clear();
}

void Connections::take_settled(const Give& give) {
    settle();
    std::swap(young_, old_);
    std::swap(young_, spare_);
    give_all(spare_, false, give);
}

void Connections::take_rest(const Give& give) {
    settle();
    give_all(old_, true, give);
    give_all(young_, true, give);
}

}  // namespace hw::flow::read::zeek
