#include "flow/read/nfdump_file.hpp"

#include "base/byte_cursor.hpp"
#include "base/input/block_window.hpp"
#include "flow/read/nfdump_block.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

namespace hw::flow::read {
namespace {
namespace nfdump_detail {

using Bytes = std::span<const std::byte>;

constexpr std::uint16_t kMagic = 0xa50c;
constexpr std::size_t kHeader1 = 140 + 136;  // with the statistics that follow it
constexpr std::size_t kHeader2 = 40;
constexpr std::size_t kBlockHeader = 12;
constexpr std::size_t kMostExporters = 4096;
constexpr std::uint64_t kMostMillis = 253'402'300'799'999;  // 9999-12-31

// Kinds of records (nffile.h).
constexpr std::uint16_t kCommon0 = 1;
constexpr std::uint16_t kExporterInfo = 7;
constexpr std::uint16_t kCommon = 10;
constexpr std::uint16_t kV3 = 11;

// Kinds of elements of a V3 record (nfxV3.h).
enum Element : std::uint16_t { generic = 1, ipv4 = 2, ipv6 = 3, misc = 5, counts = 6, received4 = 13, received6 = 14 };

std::optional<std::endian> order_of(Bytes head) {
    const auto magic = ByteCursor(head).be16();
    if (magic == kMagic) { return std::endian::big; }
    if (magic && std::byteswap(*magic) == kMagic) { return std::endian::little; }
    return std::nullopt;
}

/// Numbers of the file, by their place in bytes of which the length has been checked.
class Fields {
public:
    Fields(Bytes bytes, std::endian order) : bytes_(bytes), turned_(order != std::endian::native) {}
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] std::uint8_t u8(std::size_t at) const { return at < bytes_.size() ? std::to_integer<std::uint8_t>(bytes_[at]) : std::uint8_t{0}; }
    [[nodiscard]] std::uint16_t u16(std::size_t at) const { return number<std::uint16_t>(at); }
    [[nodiscard]] std::uint32_t u32(std::size_t at) const { return number<std::uint32_t>(at); }
    [[nodiscard]] std::uint64_t u64(std::size_t at) const { return number<std::uint64_t>(at); }

private:
    template <typename Number>
    [[nodiscard]] Number number(std::size_t at) const {
        if (at + sizeof(Number) > bytes_.size()) { return 0; }
        Number value = 0;
        std::memcpy(&value, &bytes_[at], sizeof value);
        return turned_ ? std::byteswap(value) : value;
    }
    Bytes bytes_;
    bool turned_;
};

Time from_millis(std::uint64_t millis) { return Time::from_micros(static_cast<std::int64_t>(std::min(millis, kMostMillis)) * 1000); }

void settle(ExportRecord& record) {
    record.last = std::max(record.first, record.last);
    if (record.protocol == number(Protocol::icmp) || record.protocol == number(Protocol::icmp6)) {
        // Type and code stand where the destination port does.
        record.echo_reply = record.destination_port >> 8U == (record.protocol == number(Protocol::icmp) ? 0U : 129U);
        record.source_port = 0;
        record.destination_port = 0;
    }
    record.sampling = 1;
}

/// One file.
class File {
public:
    File(std::endian order, const NfdumpSink& sink, ReadReport& report) : order_(order), sink_(sink), report_(report) {}

    void block(Bytes bytes, std::uint64_t offset) {
        std::size_t at = 0;
        while (bytes.size() - at >= 4) {
            const Fields head(bytes.subspan(at), order_);
            const std::uint16_t type = head.u16(0);
            const std::size_t size = head.u16(2);
            if (size < 4 || size > bytes.size() - at) { return report_.skip("record with an impossible length", offset); }
            const Bytes record = bytes.subspan(at, size);
            switch (type) {
                case kV3: v3(record, offset); break;
                case kCommon0: common(Fields(record, order_), 28, 0, offset); break;
                case kCommon: common(Fields(record, order_), 32, 28, offset); break;
                case kExporterInfo: exporter(Fields(record, order_)); break;
                default: break;  // statistics, maps, names: no flows
            }
            at += size;
        }
    }

private:
    void give(ExportRecord record, const net::Address& exporter, std::uint64_t offset) {
        if (record.packets + record.reverse_packets == 0) { return report_.skip("flow record without packets or bytes", offset); }
        settle(record);
        ++report_.records;
        sink_(std::move(record), exporter);
    }

    void v3(Bytes bytes, std::uint64_t offset) {
        const Fields head(bytes, order_);
        constexpr std::size_t kHead = 12;
        if (bytes.size() < kHead) { return report_.skip("record with an impossible length", offset); }
        ExportRecord record;
        net::Address from = by_number(head.u16(8));
        bool addresses = false;
        bool counted = false;
        std::size_t at = kHead;
        for (std::uint16_t left = head.u16(4); left > 0; --left) {
            if (bytes.size() - at < 4) { return report_.skip("record with an impossible length", offset); }
            const Fields element_head(bytes.subspan(at, 4), order_);
            const std::uint16_t type = element_head.u16(0);
            const std::size_t size = element_head.u16(2);
            if (size < 4 || size > bytes.size() - at) { return report_.skip("record with an impossible length", offset); }
            const Fields e(bytes.subspan(at + 4, size - 4), order_);
            switch (type) {
                case generic:
                    if (e.size() < 48) { break; }
                    record.first = from_millis(e.u64(0));
                    record.last = from_millis(e.u64(8));
                    record.packets = e.u64(24);
                    record.bytes = e.u64(32);
                    record.source_port = e.u16(40);
                    record.destination_port = e.u16(42);
                    record.protocol = e.u8(44);
                    record.tcp_flags = e.u8(45);
                    counted = true;
                    break;
                case ipv4:
                    if (e.size() < 8) { break; }
                    record.source = net::Address::v4(e.u32(0));
                    record.destination = net::Address::v4(e.u32(4));
                    addresses = true;
                    break;
                case ipv6:
                    if (e.size() < 32) { break; }
                    record.source = net::Address::v6(e.u64(0), e.u64(8));
                    record.destination = net::Address::v6(e.u64(16), e.u64(24));
                    addresses = true;
                    break;
                case misc:
                    record.leaving = e.size() > 10 && e.u8(10) == 1 ? 1 : 2;  // 0 stands for "not said" as well
                    if (e.size() >= 14 && e.u8(13) <= 5) { record.end = static_cast<FlowEnd>(e.u8(13)); }
                    break;
                case counts:
                    if (e.size() < 24) { break; }
                    record.reverse_packets = e.u64(8);
                    record.reverse_bytes = e.u64(16);
                    record.biflow = record.reverse_packets > 0;
                    break;
                case received4:
                    if (e.size() >= 4) { from = net::Address::v4(e.u32(0)); }
                    break;
                case received6:
                    if (e.size() >= 16) { from = net::Address::v6(e.u64(0), e.u64(8)); }
                    break;
                default: break;
            }
            at += size;
        }
        if (!counted || !addresses) { return report_.skip("record without addresses", offset); }
        give(record, from, offset);
    }

    /// A record of layout 1: `data` is where its addresses begin, `exporter` where the exporter's number stands (0: in one byte at 5).
    void common(const Fields& r, std::size_t data, std::size_t exporter, std::uint64_t offset) {
        constexpr unsigned kIpv6 = 1;
        constexpr unsigned kPackets64 = 2;
        constexpr unsigned kBytes64 = 4;
        const unsigned flags = exporter == 0 ? r.u8(4) : r.u16(4);
        const std::size_t packets = data + ((flags & kIpv6) != 0 ? 32U : 8U);
        const std::size_t octets = packets + ((flags & kPackets64) != 0 ? 8U : 4U);
        const std::size_t end = octets + ((flags & kBytes64) != 0 ? 8U : 4U);
        if (r.size() < end) { return report_.skip("record with an impossible length", offset); }
        ExportRecord record;
        record.first = from_millis(std::uint64_t{r.u32(12)} * 1000 + r.u16(8));
        record.last = from_millis(std::uint64_t{r.u32(16)} * 1000 + r.u16(10));
        record.tcp_flags = r.u8(21);
        record.protocol = r.u8(22);
        record.source_port = r.u16(24);
        record.destination_port = r.u16(26);
        if ((flags & kIpv6) != 0) {
            record.source = net::Address::v6(r.u64(data), r.u64(data + 8));
            record.destination = net::Address::v6(r.u64(data + 16), r.u64(data + 24));
        } else {
            record.source = net::Address::v4(r.u32(data));
            record.destination = net::Address::v4(r.u32(data + 4));
        }
        record.packets = (flags & kPackets64) != 0 ? r.u64(packets) : r.u32(packets);
        record.bytes = (flags & kBytes64) != 0 ? r.u64(octets) : r.u32(octets);
        give(record, by_number(exporter == 0 ? r.u8(5) : r.u16(exporter)), offset);
    }

    void exporter(const Fields& r) {
        constexpr std::uint16_t kIpv4 = 2;  // AF_INET
        if (r.size() < 28 || exporters_.size() >= kMostExporters) { return; }
        exporters_[r.u16(26)] = r.u16(24) == kIpv4 ? net::Address::v4(r.u32(16)) : net::Address::v6(r.u64(8), r.u64(16));
    }
    [[nodiscard]] net::Address by_number(std::uint16_t id) const {
        const auto found = exporters_.find(id);
        return found == exporters_.end() ? net::Address() : found->second;
    }

    std::endian order_;
    const NfdumpSink& sink_;
    ReadReport& report_;
    std::map<std::uint16_t, net::Address> exporters_;
};

std::optional<BlockPacking> packing1(std::uint32_t flags) {
    switch (flags & 0x19U) {
        case 0: return BlockPacking::none;
        case 1: return BlockPacking::lzo;
        case 8: return BlockPacking::bzip2;
        case 16: return BlockPacking::lz4;
        default: return std::nullopt;
    }
}

}  // namespace nfdump_detail
}  // namespace

bool recognise_nfdump(std::span<const std::byte> head) { return nfdump_detail::order_of(head).has_value(); }

Result<void> read_nfdump(ByteSource& bytes, const NfdumpSink& sink, const std::stop_token& stop, ReadReport& report) {
    using namespace nfdump_detail;
    report.format = "nfdump";
    BlockWindow window(bytes);
    HW_TRY(const auto head_bytes, window.peek(kHeader1));
    const auto order = order_of(head_bytes);
    if (!order) { return fail(Errc::malformed, "not a file of nfdump's", report.path + ":0"); }
    const Fields head(head_bytes, *order);
    const std::uint16_t layout = head.u16(2);
    if (layout != 1 && layout != 2) {
        return fail(Errc::unsupported, "an nfdump file of layout " + std::to_string(layout) + ", which is not known", report.path + ":2",
                    "understood are layouts 1 and 2, which nfdump 1.6 and 1.7 write; have the exporter send to headwater collect, or collect with nfcapd 1.7");
    }
    const std::size_t header = layout == 1 ? kHeader1 : kHeader2;
    if (head_bytes.size() < header) { return fail(Errc::truncated, "the file ends within its header", report.path + ":0", "was it copied while being written?"); }
    std::optional<BlockPacking> packing;
    std::uint64_t appendix = 0;
    if (layout == 1) {
        packing = packing1(head.u32(4));
    } else {
        if (head.u8(17) != 0) { return fail(Errc::unsupported, "the nfdump file is encrypted", report.path + ":17", "write it anew without encryption: nfdump -r OLD -w NEW"); }
        if (head.u8(16) <= static_cast<std::uint8_t>(BlockPacking::zstd)) { packing = static_cast<BlockPacking>(head.u8(16)); }
        appendix = head.u64(24);
    }
    if (!packing) { return fail(Errc::unsupported, "the nfdump file is packed in a way that is not known", report.path + ":4"); }
    window.consume(header);

    File file(*order, sink, report);
    std::vector<std::byte> unpacked;
    while (!stop.stop_requested()) {
        const std::uint64_t offset = window.offset();
        if (appendix > header && offset >= appendix) { return {}; }  // names and sums of the whole file
        HW_TRY(const auto block_head, window.peek(kBlockHeader));
        if (block_head.empty()) { return {}; }
        const Fields block(block_head, *order);
        const std::size_t size = block.u32(4);
        if (block_head.size() < kBlockHeader) {
            report.damaged_tail = true;
            return {};
        }
        if (size > kMostBlockBytes) {
            report.skip("block length impossible: the rest of the file was not read", offset);
            report.damaged_tail = true;
            return {};
        }
        const std::uint16_t flags = block.u16(10);
        HW_TRY(const auto whole, window.peek(kBlockHeader + size));
        if (whole.size() < kBlockHeader + size) {
            report.skip("block cut off", offset);
            report.damaged_tail = true;
            return {};
        }
        constexpr std::uint16_t kUncompressed = 1;
        const bool plain = layout == 1 ? flags == kUncompressed : (flags & kUncompressed) != 0;
        const auto records = unpack_block(plain ? BlockPacking::none : *packing, whole.subspan(kBlockHeader), unpacked);
        if (!records) {
            report.skip("block that cannot be unpacked", offset);
        } else {
            file.block(*records, offset);
        }
        window.consume(kBlockHeader + size);
    }
    return {};
}

}  // namespace hw::flow::read
