#pragma once

#include "base/huge_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hw::flow::read {

/// Remembers the last keys, 64 bits of a good hash each, in bounded memory: at least `most` of them and at most twice as many; older
/// ones are forgotten. 16 bytes a key at half full.
class RecentKeys {
public:
    explicit RecentKeys(std::size_t most) : most_(most), young_(kSmallest), old_(kSmallest) {}

    /// Inlined always: g++ leaves out calls of functions that do nothing else.
    [[gnu::always_inline]] void prefetch(std::uint64_t key) const {
        __builtin_prefetch(&young_[home(young_, key)]);
        __builtin_prefetch(&old_[home(old_, key)]);
    }
    [[nodiscard]] bool has(std::uint64_t key) const { return found(young_, key) || found(old_, key); }
    void add(std::uint64_t key) {
        if (size_ == most_) {
            old_ = std::exchange(young_, Places(young_.size()));
            size_ = 0;
        }
        if ((size_ + 1) * 2 > young_.size()) { grow(); }
        put(young_, key);
        ++size_;
    }

private:
    using Places = std::vector<std::uint64_t, HugePageAllocator<std::uint64_t>>;
    static constexpr std::size_t kSmallest = 1024;

    static std::uint64_t shown(std::uint64_t key) { return key == 0 ? 1 : key; }  // 0: a free place
    static std::size_t home(const Places& places, std::uint64_t key) { return shown(key) & (places.size() - 1); }
    static bool found(const Places& places, std::uint64_t key) {
        for (std::size_t at = home(places, key); places[at] != 0; at = (at + 1) & (places.size() - 1)) {
            if (places[at] == shown(key)) { return true; }
        }
        return false;
    }
    static void put(Places& places, std::uint64_t key) {
        std::size_t at = home(places, key);
        while (places[at] != 0) { at = (at + 1) & (places.size() - 1); }
        places[at] = shown(key);
    }
    void grow() {
        Places larger(young_.size() * 2);
        for (const std::uint64_t key : young_) {
            if (key != 0) { put(larger, key); }
        }
        young_ = std::move(larger);
    }

    std::size_t most_;
    std::size_t size_ = 0;  ///< Of the young ones.
    Places young_;
    Places old_;
};

}  // namespace hw::flow::read
