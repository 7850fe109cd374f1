// Bytes as a directory of hosts. As for segments, the input's sums are put right first: what a hostile writer could do.
#include "flow/store/host_directory.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#define XXH_INLINE_ALL  // the target links no more than the program does
#include <xxhash.h>

namespace {

std::uint32_t u32_at(const std::vector<std::byte>& bytes, std::size_t at) {
    std::uint32_t v = 0;
    std::memcpy(&v, bytes.data() + at, sizeof v);
    return v;
}

/// Puts the sums right: those of the pages stand behind the fences, that of the front before it.
void mend(std::vector<std::byte>& bytes) {
    constexpr std::size_t kFixed = 24;
    constexpr std::size_t kPage = 4096;
    if (bytes.size() < kFixed + 8) { return; }
    const std::size_t front = u32_at(bytes, 12);
    if (front < kFixed + 8 || front > bytes.size()) { return; }
    std::size_t at = kFixed + 4;
    for (std::uint32_t i = u32_at(bytes, kFixed); i > 0 && at + 2 <= front; --i) { at += 2 + std::to_integer<std::size_t>(bytes[at]) + (std::to_integer<std::size_t>(bytes[at + 1]) << 8U); }
    if (at + 4 <= front) {
        at += 4 + std::size_t{u32_at(bytes, at)};
        for (std::size_t page = front; page < bytes.size() && at + 8 <= front; page += kPage, at += 8) {
            const std::uint64_t sum = XXH3_64bits(bytes.data() + page, std::min(kPage, bytes.size() - page));
            std::memcpy(bytes.data() + at, &sum, sizeof sum);
        }
    }
    const std::uint64_t sum = XXH3_64bits(bytes.data() + kFixed, front - kFixed);
    std::memcpy(bytes.data() + 16, &sum, sizeof sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    using namespace hw::flow;
    const auto given = std::as_bytes(std::span(data, size));
    std::vector<std::byte> bytes(given.begin(), given.end());
    mend(bytes);
    const auto directory = store::HostDirectory::parse(bytes, "fuzz");
    if (!directory) { return 0; }
    if ((*directory)->segments().size() > store::HostDirectory::kMostSegments) { std::abort(); }
    for (std::size_t at = 0; at + 16 <= std::min<std::size_t>(bytes.size(), 40'000); at += 12) {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        std::memcpy(&high, bytes.data() + at, sizeof high);
        std::memcpy(&low, bytes.data() + at + 8, sizeof low);
        (void)(*directory)->holders(net::Address::v4(static_cast<std::uint32_t>(high)));
        (void)(*directory)->holders(net::Address::v6(high, low));
    }
    (void)(*directory)->sound();
    return 0;
}
