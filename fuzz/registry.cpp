// Registry data: a registry's statistics, a table of names, a geolocation table, by the first byte. Any bytes are read without a crash, in blocks as
// in one piece, and what was read can be asked.
#include "base/input/byte_source.hpp"
#include "net/registry/registry.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

namespace {

using namespace hw;

template <typename Reader>
auto read(std::string_view text, std::size_t block, InputReport& report) {
    Reader reader(report);
    for (std::size_t at = 0; at < text.size(); at += block) {
        if (!reader.feed(text.substr(at, block))) { break; }
    }
    return std::move(reader).finish();
}

template <typename Reader>
void add(net::Registry& registry, std::string_view text) {
    InputReport whole_report, pieces_report;
    auto whole = read<Reader>(text, text.size() + 1, whole_report);
    const auto pieces = read<Reader>(text, 5, pieces_report);
    if (whole.has_value() != pieces.has_value() || whole_report.records != pieces_report.records || whole_report.skipped_total() != pieces_report.skipped_total()) { std::abort(); }
    if (whole) { registry.add("file", std::move(*whole)); }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) { return 0; }
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)) + 1, size - 1);
    net::Registry registry;
    switch (data[0]) {
        case 'd': add<net::DelegationReader>(registry, text); break;
        case 'n': add<net::AsNameReader>(registry, text); break;
        case 'm': {
            MemoryBytes bytes(std::as_bytes(std::span(text)));
            auto table = net::GeoTable::read(bytes);
            if (table) { registry.add("file", std::move(*table)); }
            break;
        }
        default: return 0;
    }
    for (const char* address : {"0.0.0.0", "192.0.2.1", "192.0.2.200", "255.255.255.255", "::", "2001:db8::1", "ffff::"}) {
        const auto parsed = net::parse_address(address).value();
        static_cast<void>(registry.of(parsed));
        static_cast<void>(registry.country(parsed));
        static_cast<void>(registry.of(net::Prefix::make(parsed, 8).value()));
    }
    static_cast<void>(registry.of(net::Asn(64'500)));
    const auto ranges = registry.ranges_of(net::Country::parse("KP").value());
    for (const auto& range : ranges) {
        if (range.last < range.first) { std::abort(); }
    }
    return 0;
}
