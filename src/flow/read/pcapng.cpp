// pcapng (draft-ietf-opsawg-pcapng): sections, interface descriptions, enhanced, simple and the old packet block.

#include "base/byte_cursor.hpp"
#include "flow/read/capture_run.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <vector>

namespace hw::flow::read {
namespace {
namespace pcapng_detail {

enum BlockType : std::uint32_t { section = 0x0a0d'0d0a, interface_description = 1, old_packet = 2, simple_packet = 3, enhanced_packet = 6 };

constexpr std::uint32_t kMaxBlock = kMaxCaptured + 65'536;
constexpr std::size_t kMaxInterfaces = 65'536;

/// One interface of the current section.
struct Interface {
    LinkType link{};
    std::uint32_t snap_length = 0;
    std::uint8_t resolution = 6;     ///< if_tsresol: 10^-n s, or with the top bit 2^-n s.
    std::int64_t offset_seconds = 0; ///< if_tsoffset.

    /// The moment that a packet's 64-bit time says; nothing when no clock could have meant it.
    [[nodiscard]] std::optional<Time> time(std::uint64_t units) const {
        std::uint64_t seconds = 0;
        std::uint64_t micros = 0;
        const unsigned power = resolution & 0x7fU;
        if ((resolution & 0x80U) != 0) {
            if (power > 63) { return std::nullopt; }
            seconds = units >> power;
            std::uint64_t fraction = units & ((std::uint64_t{1} << power) - 1);
            // Forty bits of fraction are finer than a microsecond, and leave room to multiply.
            const unsigned kept = std::min(power, 40U);
            fraction >>= power - kept;
            micros = (fraction * 1'000'000U) >> kept;
        } else {
            if (power > 19) { return std::nullopt; }
            std::uint64_t per_second = 1;
            for (unsigned i = 0; i < power; ++i) { per_second *= 10; }
            seconds = units / per_second;
            const std::uint64_t rest = units % per_second;
            micros = per_second >= 1'000'000 ? rest / (per_second / 1'000'000) : rest * (1'000'000 / per_second);
        }
        constexpr auto kFar = static_cast<std::uint64_t>(kLastSecond);
        if (seconds > kFar || offset_seconds > kLastSecond || offset_seconds < -kLastSecond) { return std::nullopt; }
        const std::int64_t at = static_cast<std::int64_t>(seconds) + offset_seconds;
        if (at < 0 || at > kLastSecond) { return std::nullopt; }
        return Time::from_micros(at * 1'000'000 + static_cast<std::int64_t>(micros));
    }
};

void read_options(ByteCursor& body, std::endian order, Interface& interface) {
    while (true) {
        const auto code = body.u16(order);
        const auto length = body.u16(order);
        if (!code || !length || *code == 0) { return; }
        const auto value = body.take(*length);
        if (!value || !body.skip((4U - *length % 4U) % 4U)) { return; }
        ByteCursor in(*value);
        if (*code == 9) { interface.resolution = in.u8().value_or(interface.resolution); }
        if (*code == 14) {
            if (const auto seconds = in.u64(order)) { interface.offset_seconds = static_cast<std::int64_t>(*seconds); }
        }
    }
}

/// The state of one section.
struct Section {
    std::endian order = std::endian::little;
    std::vector<Interface> interfaces;
    std::optional<Time> last;  ///< Of the last packet that had a time.
};

struct CapturedPacket {
    std::uint32_t interface = 0;
    std::optional<std::uint64_t> units;
    std::uint32_t captured = 0;
    std::uint32_t wire = 0;
};

/// The fields before the bytes of a packet; the captured length of a simple packet follows from its interface and block.
std::optional<CapturedPacket> packet_fields(ByteCursor& body, std::uint32_t type, const Section& section) {
    CapturedPacket p;
    if (type == simple_packet) {
        const auto wire = body.u32(section.order);
        if (!wire || section.interfaces.empty()) { return std::nullopt; }
        const std::uint32_t snap = section.interfaces[0].snap_length;
        p.wire = *wire;
        p.captured = static_cast<std::uint32_t>(std::min<std::size_t>({snap == 0 ? *wire : snap, *wire, body.remaining()}));
        return p;
    }
    const std::optional<std::uint32_t> interface = type == old_packet ? std::optional<std::uint32_t>(body.u16(section.order)) : body.u32(section.order);
    if (type == old_packet && !body.skip(2)) { return std::nullopt; }  // packets dropped
    const auto high = body.u32(section.order);
    const auto low = body.u32(section.order);
    const auto captured = body.u32(section.order);
    const auto wire = body.u32(section.order);
    if (!interface || !wire) { return std::nullopt; }
    return CapturedPacket{.interface = *interface, .units = (std::uint64_t{*high} << 32U) | *low, .captured = *captured, .wire = *wire};
}

/// One block's body, without its type and lengths.
void read_block(CaptureRun& run, Section& section, std::uint32_t type, std::span<const std::byte> bytes, std::uint64_t offset) {
    ByteCursor body(bytes);
    if (type == interface_description) {
        const auto link = body.u16(section.order);
        const auto reserved = body.u16(section.order);
        const auto snap = body.u32(section.order);
        if (!link || !reserved || !snap) { return run.report.skip("pcapng interface description cut short", offset); }
        if (section.interfaces.size() == kMaxInterfaces) { return run.report.skip("pcapng section with too many interfaces", offset); }
        Interface interface{.link = LinkType{*link}, .snap_length = *snap};
        read_options(body, section.order, interface);
        section.interfaces.push_back(interface);
        return;
    }
    const auto fields = packet_fields(body, type, section);
    if (!fields) { return run.report.skip("pcapng packet block cut short", offset); }
    if (fields->interface >= section.interfaces.size()) { return run.report.skip("pcapng packet of an interface not described", offset); }
    const Interface& interface = section.interfaces[fields->interface];
    const auto data = body.take(fields->captured);
    if (!data) { return run.report.skip("pcapng packet longer than its block", offset); }
    // A simple packet has no time of its own: it came right after the one before.
    const auto time = fields->units ? interface.time(*fields->units) : section.last;
    if (!time) { return run.report.skip(fields->units ? "packet time out of range" : "pcapng packet without a time", offset); }
    section.last = time;
    run.frame(interface.link, {.bytes = *data, .wire_length = std::max(fields->wire, fields->captured), .time = *time, .offset = offset});
}

}  // namespace pcapng_detail
}  // namespace

Result<void> read_pcapng_blocks(CaptureRun& run) {
    using namespace pcapng_detail;  // within this function only
    Section section;
    while (true) {
        if (run.stopped()) { return {}; }
        HW_TRY(const auto head, run.window.peek(12));
        const std::uint64_t offset = run.window.offset();
        if (head.size() < 12) {
            run.report.damaged_tail = !head.empty();
            return {};
        }
        ByteCursor cursor(head);
        std::uint32_t type = *cursor.u32(section.order);
        if (type == pcapng_detail::section) {  // reads the same in both orders
            ByteCursor magic(head.subspan(8));
            const auto order = magic.be32();
            if (order != 0x1a2b'3c4dU && order != 0x4d3c'2b1aU) {
                run.report.skip("pcapng section of no known byte order: the rest of the file was not read", offset);
                return {};
            }
            section = Section{.order = order == 0x1a2b'3c4dU ? std::endian::big : std::endian::little, .interfaces = {}, .last = {}};
        }
        const std::uint32_t length = *cursor.u32(section.order);
        if (length < 12 || length % 4 != 0) {
            run.report.skip("pcapng block length impossible: the rest of the file was not read", offset);
            return {};
        }
        const bool wanted = type == interface_description || type == old_packet || type == simple_packet || type == enhanced_packet;
        if (!wanted || length > kMaxBlock) {
            if (wanted) { run.report.skip("pcapng packet block too long", offset); }
            HW_TRY(const bool whole, run.window.skip(length));
            if (!whole) {
                run.report.damaged_tail = true;
                return {};
            }
            continue;
        }
        HW_TRY(const auto block, run.window.peek(length));
        if (block.size() < length) {
            run.report.damaged_tail = true;
            return {};
        }
        read_block(run, section, type, block.subspan(8, length - 12), offset);
        run.window.consume(length);
    }
}

}  // namespace hw::flow::read
