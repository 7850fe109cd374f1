// Segments of one TCP connection through the relay test's probe. Each: a byte of flags (1: from the client, 2: bytes before it are
// missing, 4: the capture cut it short, 8: sent again, 16: FIN, 32: 40 ms later, 64: a new SYN), a byte of length, the payload.
#include "flow/read/connection_probe.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace {

std::vector<hw::flow::ConnectionTimings> timings_of(std::span<const std::byte> input, std::uint64_t seed) {
    using namespace hw;
    using namespace hw::flow;
    read::ConnectionProbe probe(ObserverId{}, seed, 4);
    std::array<std::uint32_t, 2> next{1001, 5001};
    std::int64_t now = 0;
    const auto send = [&](bool client, unsigned flags, std::uint32_t sequence, std::span<const std::byte> payload, std::uint32_t length) {
        read::Packet packet;
        const auto a = net::Address::v4(1);
        const auto b = net::Address::v4(2);
        packet.source = client ? a : b;
        packet.destination = client ? b : a;
        packet.source_port = client ? 40'000 : 443;
        packet.destination_port = client ? 443 : 40'000;
        packet.protocol = 6;
        packet.tcp = true;
        packet.tcp_flags = static_cast<std::uint8_t>(flags);
        packet.sequence = sequence;
        packet.acknowledgement = next[client ? 1 : 0];
        packet.payload = length;
        packet.time = Time::from_micros(now);
        probe.see(packet, payload);
    };
    send(true, tcp_flag::syn, 1000, {}, 0);
    now += 1000;
    next[0] = 1001;
    send(false, tcp_flag::syn | tcp_flag::ack, 5000, {}, 0);
    while (input.size() >= 2) {
        const auto flags = std::to_integer<unsigned>(input[0]);
        const std::size_t length = std::min(std::to_integer<std::size_t>(input[1]), input.size() - 2);
        const auto payload = input.subspan(2, length);
        input = input.subspan(2 + length);
        const bool client = (flags & 1U) != 0;
        std::uint32_t& sequence = next[client ? 0 : 1];
        now += (flags & 32U) != 0 ? 40'000 : 700;
        if ((flags & 2U) != 0) { sequence += 100; }
        const std::uint32_t sent = static_cast<std::uint32_t>(length) + ((flags & 4U) != 0 ? 400U : 0U);
        const std::uint32_t from = (flags & 8U) != 0 ? sequence - 5 : sequence;
        send(client, tcp_flag::ack | ((flags & 16U) != 0 ? tcp_flag::fin : 0U), from, payload, sent);
        sequence = from + sent;
        if ((flags & 64U) != 0) { send(true, tcp_flag::syn, sequence + 7, {}, 0); }
    }
    return probe.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::flow;
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto timings = timings_of(bytes, 1);
    if (timings != timings_of(bytes, 2)) { std::abort(); }  // the tables' key changes nothing
    for (const ConnectionTimings& connection : timings) {
        for (const EndTimings* end : {&connection.client_end, &connection.server_end}) {
            if (end->far.size() > kFarKept || end->transport.size() > kTransportKept || end->software.size() > 8 * kSoftwareKept) { std::abort(); }
            for (const FarSample& sample : end->far) {
                if (sample.micros > 30'000'000) { std::abort(); }
            }
        }
    }
    return 0;
}
