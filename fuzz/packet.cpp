// One frame through the decoder: two bytes choose the link type, two how much longer it was on the wire, the rest is the frame.
#include "flow/read/decode.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hw::flow::read;
    if (size < 4) { return 0; }
    const auto bytes = std::as_bytes(std::span(data, size));
    const LinkType link{static_cast<std::uint16_t>((data[0] << 8U) | data[1])};
    const auto longer = static_cast<std::uint32_t>((data[2] << 8U) | data[3]);
    ReadReport report;
    Decoder decoder(1, report);
    std::vector<Packet> packets;
    const Frame frame{.bytes = bytes.subspan(4), .wire_length = static_cast<std::uint32_t>(size - 4) + longer, .time = {}, .offset = 0};
    decoder.decode(link, frame, packets);
    const std::size_t once = packets.size();
    decoder.decode(link, frame, packets);  // again, so that a first fragment finds itself remembered
    if (once > 8) { std::abort(); }
    if (packets.empty() && report.skipped.empty()) { std::abort(); }  // nothing goes without a word
    for (const Packet& p : packets) {
        if (p.bytes > frame.wire_length || p.payload > p.bytes || p.tunnel_depth > 4) { std::abort(); }
    }
    return 0;
}
