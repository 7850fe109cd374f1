// Bytes as a collector's write-ahead: what is read of it, written again, is the file's own front part; and a decoder fed with it ends.
#include "flow/collect/write_ahead.hpp"
#include "flow/read/export_decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::flow;
    const auto given = std::as_bytes(std::span(data, size));
    std::vector<std::byte> records;
    const auto contents = collect::parse_ahead(given, "fuzz", [&](const collect::AheadRecord& record) { collect::append_ahead_record(record, records); });
    if (contents && contents->torn_bytes < size) {
        std::vector<std::byte> again;
        collect::append_ahead_front(contents->observer, again);
        again.insert(again.end(), records.begin(), records.end());
        if (again.size() + contents->torn_bytes + contents->damaged_bytes != size || !std::equal(again.begin(), again.end(), given.begin())) { std::abort(); }
    }

    // The same bytes as datagrams, each with two bytes of length before it: the keeper's state brings a new decoder to where the first one is.
    read::ExportDecoder decoder;
    collect::StateKeeper keeper;
    read::ReadReport report;
    std::vector<read::ExportRecord> decoded;
    const hw::net::Endpoint sender{.address = hw::net::Address::v4(0xc0000201), .port = hw::net::Port{2055}};
    for (std::size_t at = 0; at + 2 <= size;) {
        const std::size_t length = std::min<std::size_t>(std::size_t{data[at]} << 8U | data[at + 1], size - at - 2);
        const auto message = given.subspan(at + 2, length);
        decoder.feed(sender, {}, message, at, report, decoded);
        keeper.see(sender, {}, message, decoder);
        at += 2 + length;
    }
    read::ExportDecoder fresh;
    decoded.clear();
    keeper.each([&](const hw::net::Endpoint& from, hw::Time when, std::span<const std::byte> message) {
        if (message.size() > 65'535) { std::abort(); }
        fresh.feed(from, when, message, 0, report, decoded);
    });
    return 0;
}
