#include "flow/store/extras.hpp"

#include "flow/store/bits.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace hw::flow::store {
namespace {
namespace extras_detail {

constexpr std::uint64_t kHandshake = 1;
constexpr std::uint64_t kActivity = 2;
constexpr std::uint64_t kUid = 4;

template <typename Shake>
auto moments(Shake& h) { return std::array{&h.syn, &h.syn_ack, &h.ack, &h.first_request, &h.first_reply}; }
template <typename Shake>
auto numbers(Shake& h) { return std::array{&h.client_mss, &h.server_mss, &h.client_window, &h.server_window}; }

void append_bins(std::vector<std::byte>& out, const std::vector<ActivityBin>& bins) {
    append_varint(out, bins.size());
    std::int64_t before = 0;
    for (const ActivityBin& bin : bins) {
        append_varint(out, zigzag(bin.index - before));
        append_varint(out, bin.packets);
        append_varint(out, bin.bytes);
        before = bin.index;
    }
}

bool take_bins(std::span<const std::byte>& bytes, std::vector<ActivityBin>& bins) {
    std::uint64_t count = 0;
    if (!take_varint(bytes, count) || count > bytes.size() / 3) { return false; }
    bins.reserve(count);
    std::int64_t before = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint64_t gap = 0;
        std::uint64_t packets = 0;
        std::uint64_t payload = 0;
        if (!take_varint(bytes, gap) || !take_varint(bytes, packets) || !take_varint(bytes, payload) || packets > 0xffff'ffffU) { return false; }
        const auto index = static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + static_cast<std::uint64_t>(unzigzag(gap)));
        if (i > 0 && index <= before) { return false; }
        bins.push_back({.index = index, .packets = static_cast<std::uint32_t>(packets), .bytes = payload});
        before = index;
    }
    return true;
}

}  // namespace extras_detail
}  // namespace

bool append_extras(std::vector<std::byte>& out, const Flow& flow) {
    using namespace extras_detail;
    const std::uint64_t has = (flow.handshake == Handshake{} ? 0 : kHandshake) | (flow.activity.empty() ? 0 : kActivity) | (flow.uid.empty() ? 0 : kUid);
    if (has == 0) { return false; }
    append_varint(out, has);
    if ((has & kHandshake) != 0) {
        std::uint64_t present = 0;
        const auto times = moments(flow.handshake);
        for (std::size_t i = 0; i < times.size(); ++i) { present |= static_cast<std::uint64_t>(times[i]->has_value()) << i; }
        append_varint(out, present);
        for (const auto* time : times) {
            if (*time) { append_varint(out, zigzag((**time - flow.first).count())); }
        }
        for (const auto* number : numbers(flow.handshake)) { append_varint(out, *number); }
    }
    if ((has & kActivity) != 0) {
        append_varint(out, static_cast<std::uint64_t>(flow.activity.width().count()));
        append_bins(out, flow.activity.bins(Direction::request));
        append_bins(out, flow.activity.bins(Direction::reply));
    }
    if ((has & kUid) != 0) {
        append_varint(out, flow.uid.size());
        const auto text = std::as_bytes(std::span(flow.uid));
        out.insert(out.end(), text.begin(), text.end());
    }
    return true;
}

bool take_extras(std::span<const std::byte> bytes, Flow& flow) {
    using namespace extras_detail;
    std::uint64_t has = 0;
    if (!take_varint(bytes, has)) { return false; }
    std::uint64_t value = 0;
    if ((has & kHandshake) != 0) {
        std::uint64_t present = 0;
        if (!take_varint(bytes, present)) { return false; }
        const auto times = moments(flow.handshake);
        for (std::size_t i = 0; i < times.size(); ++i) {
            if (((present >> i) & 1U) == 0) { continue; }
            if (!take_varint(bytes, value)) { return false; }
            *times[i] = Time::from_micros(static_cast<std::int64_t>(static_cast<std::uint64_t>(flow.first.micros()) + static_cast<std::uint64_t>(unzigzag(value))));
        }
        for (auto* number : numbers(flow.handshake)) {
            if (!take_varint(bytes, value) || value > 0xffff) { return false; }
            *number = static_cast<std::uint16_t>(value);
        }
    }
    if ((has & kActivity) != 0) {
        constexpr std::uint64_t kWidest = 86'400'000'000;
        std::vector<ActivityBin> request;
        std::vector<ActivityBin> reply;
        if (!take_varint(bytes, value) || value == 0 || value > kWidest || !take_bins(bytes, request) || !take_bins(bytes, reply)) { return false; }
        flow.activity = Activity::from_bins(request, reply, Duration(static_cast<std::int64_t>(value)));
    }
    if ((has & kUid) != 0) {
        if (!take_varint(bytes, value) || value > bytes.size()) { return false; }
        flow.uid.resize(value);
        std::ranges::transform(bytes.first(value), flow.uid.begin(), [](std::byte b) { return static_cast<char>(b); });
    }
    return true;
}

}  // namespace hw::flow::store
