#pragma once

#include "base/random_key.hpp"
#include "net/address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hw::flow::store {

/// Spreads a key's bits, under a secret: who does not know it cannot choose keys that meet.
[[nodiscard]] inline std::uint64_t spread_bits(std::uint64_t x, std::uint64_t secret) {
    x ^= secret;
    x = (x ^ (x >> 32U)) * 0x9e37'79b9'7f4a'7c15ULL;
    x = (x ^ (x >> 29U)) * 0xbf58'476d'1ce4'e5b9ULL;
    return x ^ (x >> 32U);
}
[[nodiscard]] inline std::uint64_t spread_bits(const net::Address& a, std::uint64_t secret) {
    return spread_bits(a.low() ^ (a.high() == 0 ? 0 : spread_bits(a.high(), secret)), secret);
}

/// Numbers things in the order of their first appearance, and counts them. Open addressing, half full at most. A segment bounds how
/// many there are.
template <typename Key>
class Numbering {
public:
    std::uint32_t number(const Key& key) {
        if (!keys_.empty() && keys_[last_] == key) {
            ++counts_[last_];
            return last_;
        }
        if (keys_.size() * 2 >= slots_.size()) { grow(); }
        std::uint64_t at = spread_bits(key, secret_) & (slots_.size() - 1);
        while (slots_[at] != 0 && !(keys_[slots_[at] - 1] == key)) { at = (at + 1) & (slots_.size() - 1); }
        if (slots_[at] == 0) {
            keys_.push_back(key);
            counts_.push_back(0);
            slots_[at] = static_cast<std::uint32_t>(keys_.size());
        }
        last_ = slots_[at] - 1;
        ++counts_[last_];
        return last_;
    }
    /// Asks for the memory of the key's slot. Inlined always: g++ leaves out calls of functions that do nothing else.
    [[gnu::always_inline]] void prefetch(const Key& key) const {
        if (!slots_.empty()) { __builtin_prefetch(&slots_[spread_bits(key, secret_) & (slots_.size() - 1)]); }
    }
    [[gnu::always_inline]] void prefetch_key(const Key& key) const {
        if (slots_.empty()) { return; }
        const std::uint32_t found = slots_[spread_bits(key, secret_) & (slots_.size() - 1)];
        if (found != 0) {
            __builtin_prefetch(&keys_[found - 1]);
            __builtin_prefetch(&counts_[found - 1]);
        }
    }
    /// Forgets all keys, and keeps the memory.
    void clear() {
        std::ranges::fill(slots_, 0U);
        keys_.clear();
        counts_.clear();
        last_ = 0;
    }
    [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
    [[nodiscard]] const std::vector<std::uint32_t>& counts() const { return counts_; }

private:
    void grow() {
        slots_.assign(std::max<std::size_t>(1024, slots_.size() * 4), 0);
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            std::uint64_t at = spread_bits(keys_[i], secret_) & (slots_.size() - 1);
            while (slots_[at] != 0) { at = (at + 1) & (slots_.size() - 1); }
            slots_[at] = static_cast<std::uint32_t>(i + 1);
        }
    }
    std::vector<std::uint32_t> slots_;
    std::vector<Key> keys_;
    std::vector<std::uint32_t> counts_;
    std::uint32_t last_ = 0;
    std::uint64_t secret_ = random_key();
};

}  // namespace hw::flow::store
