#pragma once

#include "base/error.hpp"
#include "flow/flow.hpp"
#include "flow/read/pcap_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

/// Packets and captures built by hand, for the tests of this room.
namespace hw::flow::read::test {

using Bytes = std::vector<std::byte>;

inline void put(Bytes& out, std::uint64_t value, unsigned bytes, bool little = false) {
    for (unsigned i = 0; i < bytes; ++i) {
        const unsigned shift = 8 * (little ? i : bytes - 1 - i);
        out.push_back(static_cast<std::byte>(shift < 64 ? (value >> shift) & 0xffU : 0));
    }
}
inline Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
inline Bytes hex(std::string_view text) {
    Bytes out;
    std::string digits;
    for (const char c : text) {
        if (c != ' ') { digits.push_back(c); }
    }
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) { out.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16))); }
    return out;
}
inline Bytes zeros(std::size_t count) { return Bytes(count); }

struct Ip {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::uint8_t ttl = 64;
    std::uint16_t id = 0;
    std::uint16_t place = 0x4000;  ///< Flags and fragment offset.
};

inline Bytes ipv4(const Ip& ip, std::uint8_t protocol, const Bytes& inside) {
    Bytes out;
    put(out, 0x4500, 2), put(out, 20 + inside.size(), 2), put(out, ip.id, 2), put(out, ip.place, 2);
    put(out, ip.ttl, 1), put(out, protocol, 1), put(out, 0, 2), put(out, ip.source, 4), put(out, ip.destination, 4);
    return out + inside;
}
/// Hosts `2001:db8::source` and `2001:db8::destination`.
inline Bytes ipv6(const Ip& ip, std::uint8_t next, const Bytes& inside) {
    Bytes out;
    put(out, 0x6000'0000, 4), put(out, inside.size(), 2), put(out, next, 1), put(out, ip.ttl, 1);
    put(out, 0x2001'0db8'0000'0000, 8), put(out, ip.source, 8), put(out, 0x2001'0db8'0000'0000, 8), put(out, ip.destination, 8);
    return out + inside;
}
inline Bytes udp(std::uint16_t from, std::uint16_t to, const Bytes& payload) {
    Bytes out;
    put(out, from, 2), put(out, to, 2), put(out, 8 + payload.size(), 2), put(out, 0, 2);
    return out + payload;
}
struct Tcp {
    std::uint16_t from = 0;
    std::uint16_t to = 0;
    std::uint8_t flags = tcp_flag::ack;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint16_t mss = 0;
};
inline Bytes tcp(const Tcp& t, std::size_t payload = 0) {
    Bytes out;
    put(out, t.from, 2), put(out, t.to, 2), put(out, t.sequence, 4), put(out, t.acknowledgement, 4);
    put(out, t.mss != 0 ? 0x60 : 0x50, 1), put(out, t.flags, 1), put(out, 64240, 2), put(out, 0, 4);
    if (t.mss != 0) { put(out, 0x0204, 2), put(out, t.mss, 2); }
    return out + zeros(payload);
}
inline Bytes ethernet(const Bytes& inside, std::uint16_t type = 0x0800, std::uint64_t from = 0x02'00'00'00'00'01) {
    Bytes out;
    put(out, 0x02'00'00'00'00'ff, 6), put(out, from, 6), put(out, type, 2);
    return out + inside;
}

/// How a classic capture is written.
struct PcapForm {
    bool little = true;
    bool nanoseconds = false;
    bool modified = false;
    std::uint32_t snap_length = 262'144;
    std::uint32_t link = 1;
};

/// A classic capture, record by record.
class PcapFile {
public:
    explicit PcapFile(PcapForm form = {}) : form_(form) {
        word(form.modified ? 0xa1b2cd34 : form.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
        put(bytes, 2, 2, form_.little), put(bytes, 4, 2, form_.little);
        word(0), word(0), word(form.snap_length), word(form.link);
    }
    /// `wire` 0: as long as the frame.
    PcapFile& add(Time time, const Bytes& frame, std::uint32_t wire = 0, std::size_t captured = SIZE_MAX) {
        const std::size_t kept = std::min(captured, frame.size());
        const std::int64_t micros = time.micros();
        word(static_cast<std::uint64_t>(micros / 1'000'000));
        word(static_cast<std::uint64_t>(micros % 1'000'000) * (form_.nanoseconds ? 1000 : 1));
        word(kept), word(wire != 0 ? wire : frame.size());
        if (form_.modified) { put(bytes, 0, 8); }
        bytes.insert(bytes.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(kept));
        return *this;
    }
    Bytes bytes;

private:
    void word(std::uint64_t value) { put(bytes, value, 4, form_.little); }
    PcapForm form_;
};

/// What reading gave.
struct Outcome {
    Result<void> result;
    std::vector<Flow> flows;
    ReadReport report;
};

inline Outcome read_bytes(const Bytes& bytes, const ReadOptions& options = {}, std::size_t block = std::size_t{1} << 20U) {
    Outcome outcome;
    outcome.report.path = "test.pcap";
    MemoryBytes source(bytes, block);
    outcome.result = read_capture(source, "test", ObserverId{}, options, [&](Flow&& flow) { outcome.flows.push_back(std::move(flow)); }, outcome.report);
    std::ranges::sort(outcome.flows, [](const Flow& a, const Flow& b) { return std::tie(a.first, a.id) < std::tie(b.first, b.id); });
    return outcome;
}
inline Outcome read_file(const PcapFile& file, const ReadOptions& options = {}) { return read_bytes(file.bytes, options); }

/// Seconds after a fixed moment.
inline Time at(double seconds) { return Time::from_micros(1'416'823'200'000'000 + static_cast<std::int64_t>(seconds * 1e6 + 0.5)); }

inline constexpr std::uint32_t kClient = 0x0a00'0001;
inline constexpr std::uint32_t kServer = 0xc000'0201;

}  // namespace hw::flow::read::test
