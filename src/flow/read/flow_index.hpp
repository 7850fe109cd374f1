#pragma once

#include "base/huge_pages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::flow::read {

/// An open-addressing hash index (linear probing, backward-shift deletion) from hashes, of which 32 bits are used, to 32-bit numbers. The owner
/// keeps the keys and compares them. Eight bytes a place, at most 60 % full.
class FlowIndex {
public:
    FlowIndex() : places_(kSmallest) {}

    /// Inlined always: g++ leaves out calls of functions that do nothing else.
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const { __builtin_prefetch(&places_[home(low(hash))]); }

    /// The first number under this hash that `is_it(number)` accepts, or `kNone`.
    template <typename IsIt>
    [[nodiscard]] std::uint32_t find(std::uint64_t wide, const IsIt& is_it) const {
        const std::uint32_t hash = low(wide);
        for (std::size_t at = home(hash); places_[at].number != kFree; at = next(at)) {
            if (places_[at].hash == hash && is_it(places_[at].number - 1)) { return places_[at].number - 1; }
        }
        return kNone;
    }
    /// `number` must not be in the index; numbers below 2^32 − 2.
    void insert(std::uint64_t hash, std::uint32_t number) {
        if ((size_ + 1) * 5 > places_.size() * 3) { grow(); }
        put({low(hash), number + 1});
        ++size_;
    }
    /// Takes out a number that is there.
    void erase(std::uint64_t hash, std::uint32_t number) {
        std::size_t hole = home(low(hash));
        while (places_[hole].number != number + 1) { hole = next(hole); }
        for (std::size_t at = next(hole); places_[at].number != kFree; at = next(at)) {
            const std::size_t wanted = places_[at].hash & (places_.size() - 1);
            // Moves into the hole unless its home lies between the hole and where it stands.
            if (((at - wanted) & (places_.size() - 1)) >= ((at - hole) & (places_.size() - 1))) {
                places_[hole] = places_[at];
                hole = at;
            }
        }
        places_[hole] = {};
        --size_;
    }
    /// Takes all out, and keeps the memory.
    void clear() {
        std::ranges::fill(places_, Place{});
        size_ = 0;
    }
    [[nodiscard]] std::size_t size() const { return size_; }

    static constexpr std::uint32_t kNone = 0xffff'ffffU;

private:
    struct Place {
        std::uint32_t hash = 0;
        std::uint32_t number = kFree;  ///< Plus 1.
    };
    using Places = std::vector<Place, HugePageAllocator<Place>>;
    static constexpr std::uint32_t kFree = 0;
    static constexpr std::size_t kSmallest = 1024;

    static std::uint32_t low(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
    [[nodiscard]] std::size_t home(std::uint32_t hash) const { return hash & (places_.size() - 1); }
    [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }
    void put(Place place) {
        std::size_t at = place.hash & (places_.size() - 1);
        while (places_[at].number != kFree) { at = next(at); }
        places_[at] = place;
    }
    void grow() {
        Places old(places_.size() * 2);
        old.swap(places_);
        for (const Place& place : old) {
            if (place.number != kFree) { put(place); }
        }
    }

    Places places_;
    std::size_t size_ = 0;
};

}  // namespace hw::flow::read
