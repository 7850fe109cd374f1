#include "flow/read/conversations.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <tuple>
#include <utility>

namespace hw::flow::read {
namespace {
namespace conversations_detail {

constexpr unsigned kDigit = 11;  // bits: 2,048 counters stay in the first cache
constexpr std::size_t kDigits = std::size_t{1} << kDigit;
constexpr std::size_t kFew = 4096;  // so many are sorted at once

std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 32U)) * 0x9e37'79b9'7f4a'7c15ULL;
    x = (x ^ (x >> 29U)) * 0xbf58'476d'1ce4'e5b9ULL;
    return x ^ (x >> 32U);
}

std::uint64_t mixed(const net::Address& address, std::uint16_t port) {
    return mixed(address.low() + (std::uint64_t{port} << 48U) + std::rotl(address.high() * 0x9e37'79b9'7f4a'7c15ULL, 17));
}

/// The same for both directions.
std::uint64_t hash_of(const ExportRecord& r) {
    const std::uint64_t a = mixed(r.source, r.source_port);
    const std::uint64_t b = mixed(r.destination, r.destination_port);
    return mixed((a ^ b) + std::rotl(a + b, 31) + (std::uint64_t{r.exporter} << 8U | r.protocol));
}

/// Whether it goes from the lower endpoint to the higher.
bool upward(const ExportRecord& r) {
    if (r.source != r.destination) { return r.source < r.destination; }
    return r.source_port < r.destination_port;
}

auto key_of(const ExportRecord& r, bool up) {
    return std::tie(r.exporter, r.protocol, up ? r.source : r.destination, up ? r.destination : r.source, up ? r.source_port : r.destination_port,
                    up ? r.destination_port : r.source_port);
}

/// Asks for the memory of a record: conversations lie all over it.
[[gnu::always_inline]] inline void prefetch_record(const ExportRecord& record) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): addresses only
    const char* at = reinterpret_cast<const char*>(&record);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
}

bool before(const Conversations::Member& a, const Conversations::Member& b) { return std::tie(a.hash, a.place) < std::tie(b.hash, b.place); }

}  // namespace conversations_detail
}  // namespace

bool Conversations::together(const Member& a, const Member& b) const {
    using namespace conversations_detail;
    return a.hash == b.hash && key_of(records_[a.place], a.upward) == key_of(records_[b.place], b.upward);
}

void Conversations::spread(const std::vector<Member>& from, std::vector<Member>& to, unsigned shift) const {
    using namespace conversations_detail;
    std::array<std::size_t, kDigits> next{};
    for (const Member& m : from) { ++next[m.hash >> shift & (kDigits - 1)]; }
    std::size_t sum = 0;
    for (std::size_t& n : next) { n = std::exchange(sum, sum + n); }
    for (const Member& m : from) { to[next[m.hash >> shift & (kDigits - 1)]++] = m; }
}

void Conversations::begin(std::span<const ExportRecord> records) {
    using namespace conversations_detail;
    records_ = records;
    at_ = sorted_ = keyed_ = 0;
    members_.clear();
    members_.reserve(records.size());
    for (std::uint32_t i = 0; i < records.size(); ++i) { members_.push_back({.hash = hash_of(records[i]), .place = i, .upward = upward(records[i])}); }
    if (members_.size() <= kFew) { return; }
    scratch_.resize(members_.size());
    spread(members_, scratch_, 64 - 2 * kDigit);
    spread(scratch_, members_, 64 - kDigit);
}

/// Puts those in order of hash that agree with the next one in the bits that they were spread by: few, unless somebody has chosen them.
void Conversations::sort_some() {
    using namespace conversations_detail;
    if (members_.size() <= kFew) {
        sorted_ = members_.size();
    } else {
        const auto bits = [this](std::size_t i) { return members_[i].hash >> (64 - 2 * kDigit); };
        for (sorted_ = at_ + 1; sorted_ < members_.size() && bits(sorted_) == bits(at_); ++sorted_) {}
    }
    if (sorted_ - at_ > 1) { std::sort(members_.begin() + static_cast<std::ptrdiff_t>(at_), members_.begin() + static_cast<std::ptrdiff_t>(sorted_), before); }
}

std::span<const Conversations::Member> Conversations::next() {
    using namespace conversations_detail;
    if (at_ == members_.size()) { return {}; }
    if (at_ == sorted_) { sort_some(); }
    constexpr std::size_t kAhead = 16;
    if (at_ + kAhead < members_.size()) { prefetch_record(records_[members_[at_ + kAhead].place]); }
    const auto end_of = [&] {
        std::size_t end = at_ + 1;
        while (end < sorted_ && together(members_[at_], members_[end])) { ++end; }
        return end;
    };
    std::size_t end = end_of();
    if (end < sorted_ && end > keyed_ && members_[end].hash == members_[at_].hash) {
        // Different keys of one hash are as good as never met, or sent on purpose.
        for (keyed_ = end; keyed_ < sorted_ && members_[keyed_].hash == members_[at_].hash; ++keyed_) {}
        std::sort(members_.begin() + static_cast<std::ptrdiff_t>(at_), members_.begin() + static_cast<std::ptrdiff_t>(keyed_), [&](const Member& a, const Member& b) {
            const auto key_a = key_of(records_[a.place], a.upward);
            const auto key_b = key_of(records_[b.place], b.upward);
            return key_a != key_b ? key_a < key_b : a.place < b.place;
        });
        end = end_of();
    }
    const std::size_t begin = std::exchange(at_, end);
    return std::span(members_).subspan(begin, end - begin);
}

}  // namespace hw::flow::read
