#include "flow/read/fragment.hpp"

#include <xxhash.h>

#include <array>

namespace hw::flow::read {
namespace {
namespace fragment_detail {
constexpr Duration kLifetime = std::chrono::seconds(60);
}  // namespace fragment_detail
}  // namespace

std::uint32_t FragmentTable::hash_of(const FragmentKey& key) const {
    const std::array<std::uint64_t, 5> words = {
        key.source.high(), key.source.low(), key.destination.high(), key.destination.low(),
        (std::uint64_t{key.identification} << 16U) | (std::uint64_t{key.protocol} << 8U) | key.tunnel_depth};
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(words.data(), sizeof words, seed_));
}

std::uint32_t FragmentTable::number_of(const FragmentKey& key) const {
    return index_.find(hash_of(key), [&](std::uint32_t number) { return places_[number].key == key; });
}

void FragmentTable::remember(const FragmentKey& key, const FragmentHead& head, Time time) {
    std::uint32_t number = number_of(key);
    if (number == FlowIndex::kNone) {
        if (places_.size() < kRemembered) {
            number = static_cast<std::uint32_t>(places_.size());
            places_.emplace_back();
        } else {
            number = static_cast<std::uint32_t>(oldest_);
            oldest_ = (oldest_ + 1) % kRemembered;
            index_.erase(hash_of(places_[number].key), number);
        }
        index_.insert(hash_of(key), number);
    }
    places_[number] = Place{.key = key, .head = head, .time = time};
}

std::optional<FragmentHead> FragmentTable::find(const FragmentKey& key, Time time) const {
    const std::uint32_t number = number_of(key);
    if (number == FlowIndex::kNone) { return std::nullopt; }
    const Place& place = places_[number];
    const bool fresh = time <= place.time + fragment_detail::kLifetime && place.time <= time + fragment_detail::kLifetime;
    return fresh ? std::optional(place.head) : std::nullopt;
}

}  // namespace hw::flow::read
