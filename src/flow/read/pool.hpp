#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hw::flow::read {

/// Objects of one type, named by a 32-bit number that stays valid until it is given back; freed places are used again.
/// Grows in blocks, so that an object never moves.
template <typename T>
class Pool {
public:
    /// A fresh object, as `T{}` makes it.
    [[nodiscard]] std::uint32_t take() {
        if (!free_.empty()) {
            const std::uint32_t index = free_.back();
            free_.pop_back();
            return index;
        }
        if (used_ % kBlock == 0) { blocks_.push_back(std::make_unique<T[]>(kBlock)); }
        return used_++;
    }
    void give_back(std::uint32_t index) {
        (*this)[index] = T{};
        free_.push_back(index);
    }
    [[nodiscard]] T& operator[](std::uint32_t index) { return blocks_[index / kBlock][index % kBlock]; }
    [[nodiscard]] const T& operator[](std::uint32_t index) const { return blocks_[index / kBlock][index % kBlock]; }
    [[nodiscard]] std::size_t live() const { return used_ - free_.size(); }

private:
    static constexpr std::uint32_t kBlock = 1024;
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t used_ = 0;
};

}  // namespace hw::flow::read
