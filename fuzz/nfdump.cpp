// A file of nfdump's through the reader, in one block and in small ones.
#include "base/input/byte_source.hpp"
#include "flow/read/nfdump_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw;
    using namespace hw::flow;
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto read = [&](std::size_t block) {
        hw::MemoryBytes source(bytes, block);
        read::ReadReport report;
        report.path = "file";
        std::vector<read::ExportRecord> records;
        const bool good = read::read_nfdump(source, [&](read::ExportRecord&& r, const net::Address&) { records.push_back(r); }, {}, report).has_value();
        if (records.size() != report.records) { std::abort(); }
        for (const auto& r : records) {
            if (r.last < r.first || r.packets + r.reverse_packets == 0) { std::abort(); }
        }
        return std::pair(good, std::move(records));
    };
    if (read(bytes.size() + 1) != read(61)) { std::abort(); }
    return 0;
}
