#include "flow/flow.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <cstddef>

namespace hw::flow {
namespace {
namespace flow_detail {

/// Little-endian on every machine, so that an id is the same everywhere.
template <typename T>
void append(std::string& out, T value) {
    std::array<char, sizeof(T)> bytes{};
    for (std::size_t i = 0; i < sizeof(T); ++i) { bytes[i] = static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xffU); }
    out.append(bytes.data(), bytes.size());
}

void append(std::string& out, const net::Endpoint& endpoint) {
    append(out, endpoint.address.high());
    append(out, endpoint.address.low());
    append(out, net::number(endpoint.port));
}

}  // namespace flow_detail
}  // namespace

std::string to_string(Protocol protocol) {
    switch (protocol) {
        case Protocol::icmp: return "icmp";
        case Protocol::tcp: return "tcp";
        case Protocol::udp: return "udp";
        case Protocol::gre: return "gre";
        case Protocol::icmp6: return "icmp6";
        case Protocol::sctp: return "sctp";
    }
    return std::to_string(number(protocol));
}

std::string to_string(FlowId id) { return fmt::format("{:016x}", static_cast<std::uint64_t>(id)); }

FlowId make_flow_id(std::string_view observer_name, const net::Endpoint& client, const net::Endpoint& server, Protocol protocol,
                    Time first, std::uint8_t tunnel_depth) {
    std::string key;
    key.reserve(observer_name.size() + 48);
    flow_detail::append(key, client);
    flow_detail::append(key, server);
    flow_detail::append(key, number(protocol));
    flow_detail::append(key, first.micros());
    flow_detail::append(key, tunnel_depth);
    key += observer_name;
    return FlowId{XXH3_64bits(key.data(), key.size())};
}

}  // namespace hw::flow
