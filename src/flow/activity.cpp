#include "flow/activity.hpp"

#include <limits>
#include <optional>

namespace hw::flow {
namespace {
namespace activity_detail {

/// LEB128: seven bits a byte, the low ones first, the top bit set on all but the last.
void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80U) {
        out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        value >>= 7U;
    }
    out.push_back(static_cast<char>(value));
}

/// Far above any true gap or index (250 ms bins reach the year 9999 at 2^38), far below what could overflow when added up
/// `kMaxStoredBins` times.
constexpr std::uint64_t kMaxStoredGap = std::uint64_t{1} << 40U;

std::optional<std::uint64_t> take_varint(std::string_view& in) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(in.front());
        in.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) { return value; }
    }
    return std::nullopt;
}

constexpr std::uint64_t zigzag(std::int64_t v) { return (static_cast<std::uint64_t>(v) << 1U) ^ (v < 0 ? ~std::uint64_t{0} : 0); }
constexpr std::int64_t unzigzag(std::uint64_t v) {
    return static_cast<std::int64_t>((v >> 1U) ^ ((v & 1U) != 0 ? ~std::uint64_t{0} : 0));
}

/// The number of bins that packed bytes hold, or nothing when they are not well formed or hold more than `cap`.
std::optional<std::size_t> count_bins(std::string_view in, std::size_t cap) {
    std::size_t count = 0;
    while (!in.empty()) {
        const auto head = take_varint(in);
        if (!head) { return std::nullopt; }
        if ((*head & 1U) != 0) {
            const std::uint64_t repeats = *head >> 1U;
            if (count == 0 || repeats == 0 || repeats > cap - count) { return std::nullopt; }
            count += static_cast<std::size_t>(repeats);
            continue;
        }
        const std::uint64_t gap = *head >> 1U;
        const auto packets = take_varint(in);
        const auto bytes = packets ? take_varint(in) : std::nullopt;
        if (!bytes || gap == 0 || gap > kMaxStoredGap || *packets == 0 || *packets > std::numeric_limits<std::uint32_t>::max() || count == cap) {
            return std::nullopt;
        }
        ++count;
    }
    return count;
}

}  // namespace activity_detail
}  // namespace

void BinPacker::add(const ActivityBin& bin) {
    using activity_detail::append_varint;
    const bool first = last_gap_ == 0;
    const std::uint64_t gap = first ? activity_detail::zigzag(bin.index) + 1
                                    : static_cast<std::uint64_t>(bin.index) - static_cast<std::uint64_t>(last_.index);
    if (!first && gap == last_gap_ && bin.packets == last_.packets && bin.bytes == last_.bytes) {
        ++run_;
        last_.index = bin.index;
        return;
    }
    flush_run();
    append_varint(packed_, gap << 1U);
    append_varint(packed_, bin.packets);
    append_varint(packed_, bin.bytes);
    last_ = bin;
    last_gap_ = gap;
}

void BinPacker::flush_run() {
    if (run_ > 0) { activity_detail::append_varint(packed_, (run_ << 1U) | 1U); }
    run_ = 0;
}

std::string BinPacker::finish() {
    flush_run();
    std::string packed = std::move(packed_);
    *this = BinPacker{};
    return packed;
}

Activity Activity::from_bins(std::span<const ActivityBin> request, std::span<const ActivityBin> reply, Duration width) {
    BinPacker forward;
    BinPacker backward;
    for (const auto& bin : request) { forward.add(bin); }
    for (const auto& bin : reply) { backward.add(bin); }
    return from_packed(forward.finish(), backward.finish(), width);
}

Activity Activity::from_packed(std::string request, std::string_view reply, Duration width) {
    Activity activity;
    activity.width_ = width;
    activity.request_size_ = static_cast<std::uint32_t>(request.size());
    activity.packed_ = std::move(request);
    activity.packed_ += reply;
    activity.packed_.shrink_to_fit();
    return activity;
}

std::optional<Activity> Activity::from_stored(std::string_view request, std::string_view reply, Duration width) {
    const auto forward = activity_detail::count_bins(request, kMaxStoredBins);
    if (width <= Duration::zero() || !forward || !activity_detail::count_bins(reply, kMaxStoredBins - *forward)) { return std::nullopt; }
    if (request.size() > std::numeric_limits<std::uint32_t>::max()) { return std::nullopt; }
    return from_packed(std::string(request), reply, width);
}

std::vector<ActivityBin> Activity::bins(Direction direction) const {
    using activity_detail::take_varint;
    std::string_view in = packed_;
    in = direction == Direction::request ? in.substr(0, request_size_) : in.substr(request_size_);
    std::vector<ActivityBin> out;
    ActivityBin bin;
    std::uint64_t gap = 0;
    while (!in.empty()) {
        const auto head = take_varint(in);
        if (!head) { break; }
        if ((*head & 1U) != 0) {
            for (std::uint64_t i = *head >> 1U; i > 0; --i) {
                bin.index += static_cast<std::int64_t>(gap);
                out.push_back(bin);
            }
            continue;
        }
        const auto packets = take_varint(in);
        const auto bytes = packets ? take_varint(in) : std::nullopt;
        if (!bytes) { break; }
        gap = *head >> 1U;
        bin.index = out.empty() ? activity_detail::unzigzag(gap - 1) : bin.index + static_cast<std::int64_t>(gap);
        bin.packets = static_cast<std::uint32_t>(*packets);
        bin.bytes = *bytes;
        out.push_back(bin);
    }
    return out;
}

void ActivityBuilder::add(Direction direction, Time time, std::uint64_t bytes, std::uint32_t packets) {
    Half& half = direction == Direction::request ? request_ : reply_;
    const std::int64_t index = bin_index(time, width_);
    if (half.bin.packets != 0 && index > half.bin.index) {
        half.packer.add(half.bin);
        half.bin = {};
    }
    if (half.bin.packets == 0) { half.bin.index = index; }
    half.bin.packets += packets;
    half.bin.bytes += bytes;
}

Activity ActivityBuilder::finish() {
    for (Half* half : {&request_, &reply_}) {
        if (half->bin.packets != 0) { half->packer.add(half->bin); }
        half->bin = {};
    }
    return Activity::from_packed(request_.packer.finish(), reply_.packer.finish(), width_);
}

}  // namespace hw::flow
