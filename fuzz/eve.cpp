// Suricata's EVE log, its alerts and Amazon's VPC flow log through their readers, in one block and in small ones.
#include "base/input/byte_source.hpp"
#include "flow/read/eve_alert.hpp"
#include "flow/read/eve_log.hpp"
#include "flow/read/vpc_log.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace {

template <typename Read>
void check(std::span<const std::byte> bytes, const Read& read) {
    using namespace hw::flow::read;
    const auto in_blocks = [&](std::size_t block) {
        hw::MemoryBytes source(bytes, block);
        ReadReport report;
        report.path = "log";
        std::vector<ExportRecord> records;
        const bool good = read(source, [&](ExportRecord&& r) { records.push_back(r); }, std::stop_token(), report).has_value();
        if (records.size() != report.records) { std::abort(); }
        for (const auto& r : records) {
            if (r.last < r.first || r.packets + r.reverse_packets == 0) { std::abort(); }
        }
        return std::pair(good, std::move(records));
    };
    if (in_blocks(bytes.size() + 1) != in_blocks(61)) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    check(bytes, hw::flow::read::read_eve);
    check(bytes, hw::flow::read::read_vpc);
    hw::MemoryBytes source(bytes, 61);
    hw::flow::read::ReadReport report;
    if (const auto alerts = hw::flow::read::read_eve_alerts(source, std::stop_token(), report)) {
        if (alerts->size() != report.records) { std::abort(); }
        for (const auto& alert : *alerts) {
            if (alert.at < alert.flow_began) { std::abort(); }
        }
    }
    return 0;
}
