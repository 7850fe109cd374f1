#include "flow/collect/state_keeper.hpp"

#include "base/byte_cursor.hpp"

#include <algorithm>
#include <utility>

#include <xxhash.h>

namespace hw::flow::collect {
namespace {
namespace keeper_detail {

using Bytes = std::span<const std::byte>;
constexpr std::size_t kMostOfOne = std::size_t{1} << 20U;
constexpr std::size_t kMost = std::size_t{16} << 20U;
constexpr std::size_t kBeside = 256;          // what a kept message costs beside its bytes
constexpr std::uint64_t kOptionsSets = 8;     // of one template: samplers are few
constexpr std::uint16_t kV9 = 9;
constexpr std::uint16_t kIpfix = 10;
constexpr std::size_t kV9Header = 20;         // RFC 3954, 5.1
constexpr std::size_t kIpfixHeader = 16;      // RFC 7011, 3.1
constexpr std::uint16_t kFirstDataSet = 256;

/// Hands over each set with its header of four bytes, as far as their lengths make sense.
template <typename Take>
void each_set(Bytes sets, const Take& take) {
    ByteCursor cursor(sets);
    while (cursor.remaining() >= 4) {
        const std::size_t begin = cursor.offset();
        const auto id = cursor.be16();
        const auto size = cursor.be16();
        if (!id || !size || *size < 4 || !cursor.skip(*size - 4U)) { return; }
        take(*id, sets.subspan(begin, *size));
    }
}

bool defines(std::uint16_t version, std::uint16_t id) { return version == kV9 ? id <= 1 : id == 2 || id == 3; }

}  // namespace keeper_detail
}  // namespace

void StateKeeper::see(const net::Endpoint& sender, Time at, std::span<const std::byte> message, const read::ExportDecoder& decoder) {
    using namespace keeper_detail;
    ByteCursor cursor(message);
    const auto version = cursor.be16();
    if (!version || (*version != kV9 && *version != kIpfix)) { return; }
    const std::size_t size = *version == kV9 ? kV9Header : kIpfixHeader;
    if (message.size() < size) { return; }
    if (*version == kIpfix) {
        const auto announced = cursor.be16();
        if (!announced || *announced < size) { return; }
        message = message.first(std::min<std::size_t>(message.size(), *announced));
    }
    const Bytes header = message.first(size);
    ByteCursor domain(header.last(4));
    const Key scope{.version = *version, .port = net::number(sender.port), .domain = domain.be32().value_or(0)};
    std::size_t definitions = 0;
    each_set(message.subspan(size), [&](std::uint16_t id, Bytes) { definitions += defines(*version, id) ? 1U : 0U; });
    const bool any = definitions > 0;
    each_set(message.subspan(size), [&](std::uint16_t id, Bytes set) {
        Key key = scope;
        key.set = id;
        if (defines(*version, id)) {
            --definitions;
            key.kind = Kind::definition;
            key.which = XXH3_64bits(set.data(), set.size());
            return keep(key, sender, at, header, set);
        }
        if (id < kFirstDataSet) { return; }
        switch (decoder.set_kind(sender, *version, scope.domain, id)) {
            case read::ExportSetKind::flows: return;
            case read::ExportSetKind::options:
                key.kind = Kind::options;
                key.which = exporters_[sender.address].options++ % kOptionsSets;
                return keep(key, sender, at, header, set);
            case read::ExportSetKind::unknown:
                // Where a template set follows in the message it may have withdrawn what this set was read by: such data do not wait.
                if (definitions > 0) { return; }
                key.kind = Kind::waiting;
                key.which = next_;
                return keep(key, sender, at, header, set);
        }
    });
    if (any) { release_waiting(scope, sender, decoder); }
}

void StateKeeper::keep(const Key& key, const net::Endpoint& sender, Time at, std::span<const std::byte> header, std::span<const std::byte> set) {
    using namespace keeper_detail;
    const std::size_t cost = header.size() + set.size() + kBeside;
    const auto of_sender = [&] { return exporters_.find(sender.address); };  // anew each time: one that keeps nothing any more is gone
    if (const auto of = of_sender(); of != exporters_.end()) {
        if (const auto old = of->second.numbers.find(key); old != of->second.numbers.end()) { drop(old->second); }
    }
    for (auto of = of_sender(); of != exporters_.end() && of->second.bytes + cost > kMostOfOne; of = of_sender()) { drop(*of->second.order.begin()); }
    while (!kept_.empty() && bytes_ + cost > kMost) { drop(kept_.begin()->first); }
    Exporter& of = exporters_[sender.address];
    Kept kept{.key = key, .sender = sender, .at = at, .message = {}};
    kept.message.reserve(header.size() + set.size());
    kept.message.insert(kept.message.end(), header.begin(), header.end());
    kept.message.insert(kept.message.end(), set.begin(), set.end());
    const bool ipfix = key.version == kIpfix;
    const std::size_t number = ipfix ? kept.message.size() : 1;  // of bytes, or (v9) of records: nobody goes by it
    kept.message[2] = static_cast<std::byte>(number >> 8U & 0xffU);
    kept.message[3] = static_cast<std::byte>(number & 0xffU);
    of.numbers.emplace(key, next_);
    of.order.insert(next_);
    of.bytes += cost;
    bytes_ += cost;
    kept_.emplace(next_++, std::move(kept));
}

void StateKeeper::drop(std::uint64_t number) {
    const auto found = kept_.find(number);
    if (found == kept_.end()) { return; }
    const auto at = exporters_.find(found->second.sender.address);
    Exporter& of = at->second;
    const std::size_t cost = found->second.message.size() + keeper_detail::kBeside;
    of.bytes -= cost;
    bytes_ -= cost;
    of.numbers.erase(found->second.key);
    of.order.erase(number);
    kept_.erase(found);
    if (of.order.empty()) { exporters_.erase(at); }  // senders may be made up: none is remembered for nothing
}

/// Data whose template has come have been read.
void StateKeeper::release_waiting(const Key& scope, const net::Endpoint& sender, const read::ExportDecoder& decoder) {
    const auto of = exporters_.find(sender.address);
    if (of == exporters_.end()) { return; }
    Key from = scope;
    from.kind = Kind::waiting;
    std::vector<std::uint64_t> read;
    for (auto i = of->second.numbers.lower_bound(from); i != of->second.numbers.end(); ++i) {
        const Key& key = i->first;
        if (key.version != scope.version || key.port != scope.port || key.domain != scope.domain || key.kind != Kind::waiting) { break; }
        if (decoder.set_kind(sender, key.version, key.domain, key.set) != read::ExportSetKind::unknown) { read.push_back(i->second); }
    }
    for (const std::uint64_t number : read) { drop(number); }
}

void StateKeeper::each(const Give& give) const {
    for (const auto& [number, kept] : kept_) { give(kept.sender, kept.at, kept.message); }
}

}  // namespace hw::flow::collect
