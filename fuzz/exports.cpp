// Export messages as a collector sees them: the first byte cuts the rest into datagrams of that many times 16 bytes; then the
// same bytes as a file of messages.
#include "base/input/byte_source.hpp"
#include "flow/read/export_messages.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace {

using namespace hw;
using namespace hw::flow;
using namespace hw::flow::read;

void check(ExportInput& input, ReadReport& report) {
    std::size_t flows = 0;
    input.take(report, [&](std::span<Flow> some, std::span<const std::string> names) {
        for (const Flow& flow : some) {
            const bool known = static_cast<std::size_t>(flow.observer) < names.size();
            if (!known || flow.last < flow.first || flow.sampling == 0 || flow.request.packets + flow.reply.packets == 0) { std::abort(); }
        }
        flows += some.size();
    });
    if (flows > report.records || report.flows != flows) { std::abort(); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) { return 0; }
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
    {
        ExportInput input("fuzz");
        ReadReport report;
        const std::size_t piece = (data[0] & 0x7fU) == 0 ? bytes.size() : std::size_t{data[0] & 0x7fU} * 16;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            const auto message = bytes.subspan(at, std::min(piece, bytes.size() - at));
            input.feed({net::Address::v4(data[0]), net::Port{}}, Time::from_micros(static_cast<std::int64_t>(at)), message, at, report);
        }
        check(input, report);
    }
    const auto as_file = [&](std::size_t block) {
        ExportInput input("fuzz");
        ReadReport report;
        hw::MemoryBytes source(bytes, block);
        const bool good = input.read_messages(source, std::stop_token(), report).has_value();
        const std::uint64_t records = report.records;
        check(input, report);
        return good ? records : ~std::uint64_t{0};
    };
    if (as_file(bytes.size() + 1) != as_file(61)) { std::abort(); }
    return 0;
}
