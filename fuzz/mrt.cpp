// Bytes as MRT: whatever they are, the same is read of them in one block and in small ones, and written as text.
#include "app/output/route_dump.hpp"
#include "base/input/byte_source.hpp"
#include "route/mrt/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

namespace {

std::string dumped(std::span<const std::byte> bytes, std::size_t block) {
    std::string text;
    hw::app::output::RouteDump dump([&text](const std::string& lines) {
        text += lines;
        return true;
    });
    hw::MemoryBytes source(bytes, block);
    hw::InputReport report;
    const bool good = hw::route::mrt::read_mrt(source, dump, {}, report).has_value();
    (void)dump.finish();
    return text + (good ? "" : "!") + std::to_string(report.records) + " " + std::to_string(report.skipped_total());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    if (dumped(bytes, 61) != dumped(bytes, std::size_t{1} << 20U)) { std::abort(); }
    return 0;
}
