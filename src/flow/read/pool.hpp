#pragma once

#include "base/huge_pages.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hw::flow::read {

/// Objects of one type, named by a 32-bit number that stays valid until it is given back; freed places are used again.
/// Grows in blocks, the first one small, so that an object never moves and a small capture needs little.
template <typename T>
class Pool {
public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (std::uint32_t i = 0; i < used_; ++i) { std::destroy_at(&(*this)[i]); }
        for (std::size_t b = 0; b < blocks_.size(); ++b) { allocator_.deallocate(blocks_[b], b == 0 ? kFirst : kBlock); }
    }

    /// A fresh object, as `T{}` makes it.
    [[nodiscard]] std::uint32_t take() {
        if (!free_.empty()) {
            const std::uint32_t index = free_.back();
            free_.pop_back();
            return index;
        }
        const bool full = used_ == 0 || (used_ >= kFirst && (used_ - kFirst) % kBlock == 0);
        if (full) { blocks_.push_back(allocator_.allocate(used_ == 0 ? kFirst : kBlock)); }
        std::construct_at(place(used_));
        return used_++;
    }
    void give_back(std::uint32_t index) {
        (*this)[index] = T{};
        free_.push_back(index);
    }
    [[nodiscard]] T& operator[](std::uint32_t index) { return *place(index); }
    [[nodiscard]] const T& operator[](std::uint32_t index) const { return *place(index); }

private:
    static constexpr std::uint32_t kFirst = 256;
    static constexpr auto kBlock = static_cast<std::uint32_t>(HugePageAllocator<T>::kHugePage * 2 / sizeof(T));

    [[nodiscard]] T* place(std::uint32_t index) const {
        if (index < kFirst) { return blocks_[0] + index; }
        return blocks_[1 + (index - kFirst) / kBlock] + (index - kFirst) % kBlock;
    }

    HugePageAllocator<T> allocator_;
    std::vector<T*> blocks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_ = 0;
};

}  // namespace hw::flow::read
