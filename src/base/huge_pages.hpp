#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace hw {

/// Allocates large tables on huge pages where the system has them: a table that is hit at random costs fewer walks of the page
/// tables then. Small ones come from the heap as usual.
template <typename T>
class HugePageAllocator {
public:
    using value_type = T;
    static constexpr std::size_t kHugePage = std::size_t{2} << 20U;

    HugePageAllocator() = default;
    template <typename U>
    explicit HugePageAllocator(const HugePageAllocator<U>& /*other*/) {}

    [[nodiscard]] T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        void* memory = ::operator new(bytes, alignment(bytes));
        if (bytes >= kHugePage) { ::madvise(memory, bytes, MADV_HUGEPAGE); }  // advice: all is well without
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) { ::operator delete(memory, alignment(count * sizeof(T))); }

    friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

private:
    static std::align_val_t alignment(std::size_t bytes) { return std::align_val_t{bytes >= kHugePage ? kHugePage : alignof(T)}; }
};

}  // namespace hw
