// Bytes as a segment of a store. Sums would stop nearly every change, so the input's sums are put right first: what a hostile
// writer could do.
#include "flow/store/segment.hpp"

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

/// Puts the sums right: those of the pieces stand at the front's end, where its observers end; `sums` is where.
void mend(std::vector<std::byte>& bytes) {
    if (bytes.size() < 4096) { return; }
    const std::size_t front = u32_at(bytes, 12);
    if (front < 4096 || front > bytes.size()) { return; }
    const std::size_t sections = u32_at(bytes, 72);
    std::size_t at = 76 + sections % 16 * 16 + 4 + 18 * 24;
    if (at + 4 > front) { return; }
    const std::size_t names = u32_at(bytes, at);
    at += 4;
    for (std::size_t i = 0; i < names && at + 2 <= front; ++i) { at += 2 + std::to_integer<std::size_t>(bytes[at]) + (std::to_integer<std::size_t>(bytes[at + 1]) << 8U); }
    for (std::size_t chunk = front; chunk < bytes.size() && at + 8 <= front; chunk += 4096, at += 8) {
        const std::uint64_t sum = XXH3_64bits(bytes.data() + chunk, std::min<std::size_t>(4096, bytes.size() - chunk));
        std::memcpy(bytes.data() + at, &sum, sizeof sum);
    }
    const std::uint64_t size = bytes.size() - front;
    std::memcpy(bytes.data() + 64, &size, sizeof size);
    const std::uint64_t sum = XXH3_64bits(bytes.data() + 24, front - 24);
    std::memcpy(bytes.data() + 16, &sum, sizeof sum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    using namespace hw::flow;
    const auto given = std::as_bytes(std::span(data, size));
    std::vector<std::byte> bytes(given.begin(), given.end());
    mend(bytes);
    const auto segment = store::Segment::parse(bytes, "fuzz");
    if (!segment) { return 0; }
    (void)(*segment)->scrub();
    const std::uint32_t rows = (*segment)->facts().rows;
    std::vector<std::uint32_t> all;
    const Interval middle{(*segment)->facts().first + Duration(1), (*segment)->facts().last};
    (void)(*segment)->rows_in(middle, all);
    (void)(*segment)->rows_of_size(1000, all);
    std::vector<std::uint32_t> found;
    for (std::uint32_t row = 0; row < std::min<std::uint32_t>(rows, 300); ++row) {
        const auto flow = (*segment)->flow(row);
        if (!flow || row % 16 != 0) { continue; }
        found.clear();
        if ((*segment)->rows_of(flow->client.address, middle, found)) { (void)(*segment)->totals(found); }
        found.clear();
        if ((*segment)->rows_of(flow->server.address, flow->interval(), found)) { (void)(*segment)->totals(found); }
        for (const std::uint32_t r : found) {
            if (r >= rows) { std::abort(); }
        }
    }
    return 0;
}
