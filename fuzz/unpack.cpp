// Packed bytes through the unpacker: never more than asked for, and nothing after the end.
#include "base/input/unpack.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    const auto bytes = std::as_bytes(std::span(data, size));
    Unpacker unpacker(std::make_unique<MemoryBytes>(bytes, 97), recognise_packing(bytes));
    constexpr std::size_t kEnough = std::size_t{16} << 20U;  // a bomb goes on for longer; memory stays bounded all the same
    std::uint64_t total = 0;
    while (total < kEnough) {
        const auto block = unpacker.next();
        if (!block) { std::abort(); }
        if (block->empty()) {
            if (!unpacker.next()->empty() || (unpacker.damage() && unpacker.damage()->offset != total)) { std::abort(); }
            break;
        }
        total += block->size();
    }
    return 0;
}
