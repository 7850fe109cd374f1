#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace hw::flow::collect {

/// One datagram as it came; `bytes` are valid during the call only.
struct Datagram {
    net::Endpoint sender;
    Time at;  ///< When the kernel took it in.
    std::span<const std::byte> bytes;
};

/// What a receiver has taken in, and what got lost before it could.
struct UdpCounts {
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;  ///< Thrown away by the kernel because the socket's buffer was full (SO_RXQ_OVFL).
    friend bool operator==(const UdpCounts&, const UdpCounts&) = default;
};

/// Listens for datagrams on one UDP address. Several receivers of one address (of one process) share what comes by sender, each with
/// a buffer of its own (SO_REUSEPORT), so that each can be read by a thread of its own.
class UdpReceiver {
public:
    struct Options {
        std::size_t receive_buffer = std::size_t{32} << 20U;  ///< Asked of the kernel, which may give less (`buffer()`).
        bool share = false;                                   ///< Others of this process will listen on the same address.
    };
    /// Binds to `where` (port 0: one that is free). Fails when the address is not this machine's, is in use, or may not be used.
    [[nodiscard]] static Result<UdpReceiver> open(const net::Endpoint& where, const Options& options);
    ~UdpReceiver();
    UdpReceiver(UdpReceiver&&) noexcept;
    UdpReceiver& operator=(UdpReceiver&&) noexcept;

    /// Waits for datagrams, `patience` at most, and hands over all that lie ready, up to 256. Returns how many; fails only
    /// when the socket can no longer be read.
    [[nodiscard]] Result<std::size_t> receive(Duration patience, const std::function<void(const Datagram&)>& take);

    [[nodiscard]] const UdpCounts& counts() const { return counts_; }
    /// Where it listens, with the port that was free.
    [[nodiscard]] const net::Endpoint& address() const { return address_; }
    /// Bytes of buffer that the kernel gave.
    [[nodiscard]] std::size_t buffer() const { return buffer_; }

private:
    struct Slots;
    UdpReceiver();

    int socket_ = -1;
    net::Endpoint address_;
    std::size_t buffer_ = 0;
    UdpCounts counts_;
    std::uint32_t last_overflow_ = 0;
    std::unique_ptr<Slots> slots_;
};

}  // namespace hw::flow::collect
