#include "flow/read/fragment.hpp"

#include <xxhash.h>

#include <array>

namespace hw::flow::read {
namespace {
namespace fragment_detail {
constexpr std::size_t kPlaces = 8192;
constexpr Duration kLifetime = std::chrono::seconds(60);
}  // namespace fragment_detail
}  // namespace

std::size_t FragmentTable::place_of(const FragmentKey& key) const {
    const std::array<std::uint64_t, 5> words = {
        key.source.high(), key.source.low(), key.destination.high(), key.destination.low(),
        (std::uint64_t{key.identification} << 16U) | (std::uint64_t{key.protocol} << 8U) | key.tunnel_depth};
    return XXH3_64bits_withSeed(words.data(), sizeof words, seed_) % fragment_detail::kPlaces;
}

void FragmentTable::remember(const FragmentKey& key, const FragmentHead& head, Time time) {
    if (places_.empty()) { places_.resize(fragment_detail::kPlaces); }
    places_[place_of(key)] = Place{.key = key, .head = head, .time = time, .used = true};
}

std::optional<FragmentHead> FragmentTable::find(const FragmentKey& key, Time time) const {
    if (places_.empty()) { return std::nullopt; }
    const Place& place = places_[place_of(key)];
    const bool fresh = place.used && time <= place.time + fragment_detail::kLifetime && place.time <= time + fragment_detail::kLifetime;
    if (!fresh || place.key != key) { return std::nullopt; }
    return place.head;
}

}  // namespace hw::flow::read
