#pragma once

#include "route/bgp/update.hpp"
#include "route/mrt/reader.hpp"
#include "route/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Messages and records made by hand, for tests.
namespace hw::route::testing {

class Bytes {
public:
    Bytes& u8(std::uint64_t v) { return number(v, 1); }
    Bytes& u16(std::uint64_t v) { return number(v, 2); }
    Bytes& u32(std::uint64_t v) { return number(v, 4); }
    Bytes& u64(std::uint64_t v) { return number(v, 8); }
    Bytes& add(const Bytes& other) {
        bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
        return *this;
    }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] std::span<const std::byte> view() const { return bytes_; }
    [[nodiscard]] std::vector<std::byte>& raw() { return bytes_; }

private:
    Bytes& number(std::uint64_t v, unsigned size) {
        for (unsigned i = size; i-- > 0;) { bytes_.push_back(static_cast<std::byte>(v >> (8 * i) & 0xffU)); }
        return *this;
    }
    std::vector<std::byte> bytes_;
};

inline Bytes attribute(unsigned flags, unsigned type, const Bytes& value) {
    Bytes out;
    out.u8(flags | (value.size() > 255 ? 0x10U : 0U)).u8(type);
    if (value.size() > 255) { out.u16(value.size()); }
    else { out.u8(value.size()); }
    return out.add(value);
}

/// A sequence of four-byte numbers as an AS_PATH's value.
inline Bytes path4(const std::vector<std::uint32_t>& asns, unsigned kind = 2) {
    Bytes out;
    out.u8(kind).u8(asns.size());
    for (const auto a : asns) { out.u32(a); }
    return out;
}
inline Bytes path2(const std::vector<std::uint32_t>& asns, unsigned kind = 2) {
    Bytes out;
    out.u8(kind).u8(asns.size());
    for (const auto a : asns) { out.u16(a); }
    return out;
}

/// ORIGIN IGP, AS_PATH 64500 64501, NEXT_HOP 192.0.2.1.
inline Bytes usual_attributes() {
    Bytes out;
    return out.add(attribute(0x40, 1, Bytes().u8(0))).add(attribute(0x40, 2, path4({64'500, 64'501}))).add(attribute(0x40, 3, Bytes().u32(0xc000'0201)));
}

/// An UPDATE's body.
inline Bytes update_of(const Bytes& withdrawn, const Bytes& attributes, const Bytes& announced) {
    Bytes out;
    return out.u16(withdrawn.size()).add(withdrawn).u16(attributes.size()).add(attributes).add(announced);
}

/// A message with its header.
inline Bytes message(const Bytes& body, unsigned type = 2) {
    Bytes out;
    return out.u64(~std::uint64_t{0}).u64(~std::uint64_t{0}).u16(19 + body.size()).u8(type).add(body);
}

inline Bytes record(unsigned type, unsigned subtype, const Bytes& body, std::uint32_t time = 1'419'264'900) {
    Bytes out;
    return out.u32(time).u16(type).u16(subtype).u32(body.size()).add(body);
}

/// The front of BGP4MP records of an IPv4 session: AS64500 at 198.51.100.1.
inline Bytes session(bool wide = true) {
    Bytes out;
    if (wide) { out.u32(64'500).u32(64'499); }
    else { out.u16(64'500).u16(64'499); }
    return out.u16(0).u16(1).u32(0xc633'6401).u32(0xc633'64fe);
}

/// What a sink was given, as text, a line each.
class Listed final : public RouteSink {
public:
    bool table(const TableRoute& r) override {
        add("table", r.peer, r.route);
        bgp::AsPath path;
        r.attributes->attributes.as_path(path);
        lines.back() += " [" + bgp::to_string(path) + "]";
        return wanted();
    }
    bool update(const PeerUpdate& u) override {
        ++updates;
        u.update->each_withdrawn([&](const bgp::Nlri& route) { add("withdraw", u.peer, route); });
        bgp::AsPath path;
        u.update->attributes.as_path(path);
        u.update->each_announced([&](const bgp::Nlri& route) {
            add(u.update->fate >= bgp::Fate::withdraw ? "malformed" : "announce", u.peer, route);
            lines.back() += " [" + bgp::to_string(path) + "]";
        });
        return wanted();
    }
    bool state(const StateChange& s) override {
        lines.push_back("state " + net::to_string(s.peer.address) + " " + std::to_string(s.before) + ">" + std::to_string(s.after));
        return wanted();
    }
    std::vector<std::string> lines;
    std::size_t updates = 0;
    std::size_t most = ~std::size_t{0};

private:
    [[nodiscard]] bool wanted() const { return lines.size() < most; }
    void add(const std::string& what, const Peer& peer, const bgp::Nlri& route) {
        lines.push_back(what + " " + net::to_string(peer.asn) + " " + net::to_string(route.prefix) + (route.path ? " #" + std::to_string(*route.path) : ""));
    }
};

}  // namespace hw::route::testing
