#include "flow/read/export_boundary.hpp"

#include "flow/read/export_sample.hpp"
#include "flow/read/export_template.hpp"

#include <algorithm>
#include <cstdint>

namespace hw::flow::read {
namespace {
namespace boundary_detail {

constexpr std::size_t kFixedHeader = 24;  // NetFlow v5 and v7
constexpr std::size_t kV5Record = 48;
constexpr std::size_t kV7Record = 52;
constexpr std::size_t kV9Header = 20;
constexpr std::size_t kIpfixHeader = 16;
constexpr std::size_t kMostFixedRecords = 64;  // Cisco sends 30; some send more
constexpr std::uint16_t kFirstDataSet = 256;

std::uint16_t be16(std::span<const std::byte> bytes, std::size_t at) { return static_cast<std::uint16_t>(export_number(bytes.subspan(at, 2))); }

}  // namespace boundary_detail
}  // namespace

std::string_view export_message_kind(std::span<const std::byte> bytes) {
    using namespace boundary_detail;
    if (bytes.size() < 4) { return {}; }
    switch (be16(bytes, 0)) {
        case 5: return "netflow-v5";
        case 7: return "netflow-v7";
        case 9: return "netflow-v9";
        case 10: return "ipfix";
        case 0: return be16(bytes, 2) == 5 ? "sflow" : "";
        default: return {};
    }
}

std::optional<std::size_t> export_message_size(std::span<const std::byte> bytes) {
    using namespace boundary_detail;
    if (bytes.size() < kIpfixHeader) { return std::nullopt; }
    const std::uint16_t version = be16(bytes, 0);
    if (version == 0) { return sflow_size(bytes); }
    const std::size_t count = be16(bytes, 2);
    if (version == 5 || version == 7) {
        const std::size_t size = kFixedHeader + count * (version == 5 ? kV5Record : kV7Record);
        if (count == 0 || count > kMostFixedRecords || bytes.size() < size) { return std::nullopt; }
        return size;
    }
    const bool is_ipfix = version == 10;
    if ((!is_ipfix && version != 9) || (is_ipfix && (count < kIpfixHeader || count > bytes.size()))) { return std::nullopt; }
    const std::size_t end = is_ipfix ? count : std::min<std::size_t>(bytes.size(), 0xffff);
    std::size_t at = is_ipfix ? kIpfixHeader : kV9Header;
    std::size_t sets = 0;
    while (at <= end && end - at >= 4) {
        const std::uint16_t id = be16(bytes, at);
        const std::size_t size = be16(bytes, at + 2);
        // The numbers 5, 7, 9 and 10 are no set's: the next message begins.
        if (!is_ipfix && (id == 9 || id == 5 || id == 7 || id == 10)) { break; }
        const bool known = is_ipfix ? id == 2 || id == 3 || id >= kFirstDataSet : id <= 1 || id >= kFirstDataSet;
        if (!known || size < 4 || size > end - at) { return std::nullopt; }
        at += size;
        ++sets;
    }
    if (sets == 0 || at > end) { return std::nullopt; }
    return is_ipfix ? count : at;
}

}  // namespace hw::flow::read
