#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hw::net {

SocketAddress to_system(const Endpoint& endpoint) {
    SocketAddress out;
    if (endpoint.address.is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(number(endpoint.port));
        in.sin_addr.s_addr = htonl(endpoint.address.v4_bits());
        std::memcpy(&out.storage, &in, sizeof in);
        out.size = sizeof in;
        return out;
    }
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(number(endpoint.port));
    for (std::size_t i = 0; i < 8; ++i) {
        in.sin6_addr.s6_addr[i] = static_cast<std::uint8_t>(endpoint.address.high() >> (56 - 8 * i));
        in.sin6_addr.s6_addr[8 + i] = static_cast<std::uint8_t>(endpoint.address.low() >> (56 - 8 * i));
    }
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
    return out;
}

Endpoint from_system(const sockaddr_storage& storage) {
    if (storage.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &storage, sizeof in);
        return {Address::v4(ntohl(in.sin_addr.s_addr)), Port{ntohs(in.sin_port)}};
    }
    sockaddr_in6 in{};
    std::memcpy(&in, &storage, sizeof in);
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        high = (high << 8U) | in.sin6_addr.s6_addr[i];
        low = (low << 8U) | in.sin6_addr.s6_addr[8 + i];
    }
    return {Address::v6(high, low), Port{ntohs(in.sin6_port)}};
}

bool is_loopback(const Address& address) {
    constexpr std::uint32_t kLoopbackNet = 127;
    return address.is_v4() ? address.v4_bits() >> 24U == kLoopbackNet : address == Address::v6(0, 1);
}

}  // namespace hw::net
