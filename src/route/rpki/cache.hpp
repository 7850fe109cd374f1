#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/address.hpp"
#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "route/rpki/origin_validity.hpp"

#include <cstddef>
#include <memory>
#include <stop_token>

namespace hw::route::rpki {

/// A cache that tells route origin authorisations by RTR (RFC 8210) over TCP, listened to by a thread of its own as long as this lives: it asks as often as the
/// cache wants, comes back when the connection is lost, and lets data go that have grown too old.
class Cache {
public:
    /// Connects and waits until all that the cache has is here. Fails with `unreadable` where it cannot be reached or does not tell all within
    /// `wait`, with `malformed` where it speaks something else, and with `interrupted`.
    [[nodiscard]] static Result<Cache> connect(const net::Endpoint& where, Duration wait, const std::stop_token& stop);
    Cache(Cache&&) noexcept;
    Cache& operator=(Cache&&) noexcept;
    ~Cache();

    /// By what the cache tells now; it may be asked from several threads.
    [[nodiscard]] OriginValidity validate(const net::Prefix& prefix, net::Asn origin) const;
    /// Authorisations held.
    [[nodiscard]] std::size_t size() const;

private:
    class Listener;
    explicit Cache(std::unique_ptr<Listener> listener);
    std::unique_ptr<Listener> listener_;
};

/// The port that is set aside for it (IANA, `rpki-rtr`).
inline constexpr net::Port kPort{323};

}  // namespace hw::route::rpki
