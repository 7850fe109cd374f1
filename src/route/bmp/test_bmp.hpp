#pragma once

#include "route/test_messages.hpp"

/// BMP messages made by hand, for tests (RFC 7854).
namespace hw::route::testing {

inline Bytes bmp_message(unsigned type, const Bytes& body) {
    Bytes out;
    return out.u8(3).u32(6 + body.size()).u8(type).add(body);
}

struct BmpPeer {
    unsigned type = 0;
    unsigned flags = 0;
    std::uint32_t address = 0xc633'6401;  ///< 198.51.100.1
    std::uint32_t asn = 64'500;
    std::uint32_t seconds = 1'419'264'900;
};

inline Bytes bmp_front(const BmpPeer& p = {}) {
    Bytes out;
    return out.u8(p.type).u8(p.flags).u64(0).u64(0).u32(0).u32(p.address).u32(p.asn).u32(0x0a00'0001).u32(p.seconds).u32(250'000);
}

/// An OPEN, with path identifiers for IPv4 where `add_path` is 1 (takes), 2 (sends) or 3.
inline Bytes open_message(unsigned add_path = 0) {
    Bytes capabilities;
    if (add_path != 0) { capabilities.u8(69).u8(4).u16(1).u8(1).u8(add_path); }
    capabilities.u8(65).u8(4).u32(64'500);
    Bytes body;
    body.u8(4).u16(23'456).u16(180).u32(1).u8(2 + capabilities.size()).u8(2).u8(capabilities.size()).add(capabilities);
    return message(body, 1);
}

inline Bytes bmp_up(const BmpPeer& p = {}, unsigned sent = 0, unsigned received = 0) { return bmp_message(3, Bytes().add(bmp_front(p)).u64(0).u64(0).u16(179).u16(40'000).add(open_message(sent)).add(open_message(received))); }
inline Bytes bmp_down(const BmpPeer& p = {}) { return bmp_message(2, Bytes().add(bmp_front(p)).u8(4)); }
inline Bytes bmp_routes(const Bytes& update, const BmpPeer& p = {}) { return bmp_message(0, Bytes().add(bmp_front(p)).add(message(update))); }
inline Bytes bmp_initiation() { return bmp_message(4, Bytes().u16(2).u16(2).u8('r').u8('1').u16(1).u16(1).u8('x')); }

}  // namespace hw::route::testing
