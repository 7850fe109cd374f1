#include "flow/flow.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace hw::flow {
namespace {
namespace flow_detail {

/// The bytes that an id is the hash of, as far as they do not depend on the observer. Little-endian, so that an id is the same everywhere.
constexpr std::size_t kKeyBytes = 46;

template <typename T>
char* put(char* at, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) { *at++ = static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xffU); }
    return at;
}

char* put(char* at, const net::Endpoint& endpoint) {
    at = put(at, endpoint.address.high());
    at = put(at, endpoint.address.low());
    return put(at, net::number(endpoint.port));
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
    std::array<char, 256> key;  // NOLINT(cppcoreguidelines-pro-type-member-init): one id a flow; only what is set is read
    char* at = flow_detail::put(key.data(), client);
    at = flow_detail::put(at, server);
    at = flow_detail::put(at, number(protocol));
    at = flow_detail::put(at, first.micros());
    (void)flow_detail::put(at, tunnel_depth);
    const std::size_t size = flow_detail::kKeyBytes + observer_name.size();
    if (size <= key.size()) {
        std::ranges::copy(observer_name, key.begin() + flow_detail::kKeyBytes);
        return FlowId{XXH3_64bits(key.data(), size)};
    }
    std::string long_key(key.data(), flow_detail::kKeyBytes);
    long_key += observer_name;
    return FlowId{XXH3_64bits(long_key.data(), long_key.size())};
}

}  // namespace hw::flow
