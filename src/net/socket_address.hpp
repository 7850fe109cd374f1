#pragma once

#include "net/address.hpp"

#include <sys/socket.h>

namespace hw::net {

/// A socket address of either family, as the system wants it.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

[[nodiscard]] SocketAddress to_system(const Endpoint& endpoint);
/// IPv4-mapped addresses of an IPv6 socket become IPv4 ones. `storage` is of one of the two families.
[[nodiscard]] Endpoint from_system(const sockaddr_storage& storage);

/// 127.0.0.0/8 and ::1: only this machine reaches it.
[[nodiscard]] bool is_loopback(const Address& address);

}  // namespace hw::net
