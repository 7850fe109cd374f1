#pragma once

#include "base/time.hpp"
#include "net/address.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace hw::flow::collect {

/// What an export message's header tells of the exporter itself.
struct HeaderNews {
    bool restarted = false;                   ///< Its time since start has gone back, or (IPFIX) its counting has begun anew.
    std::optional<Duration> ahead = std::nullopt;  ///< How far its clock is ahead of ours, where it tells its time.
};

/// Watches one exporter's headers (NetFlow v5, v7, v9: RFC 3954, 5.1; IPFIX: RFC 7011, 3.1; sFlow v5) for restarts and for a clock
/// that is off. It only tells of them: what comes is kept whatever its times say.
class HeaderWatch {
public:
    [[nodiscard]] HeaderNews see(net::Port port, Time at, std::span<const std::byte> message);

private:
    static constexpr std::size_t kStreams = 256;  ///< Ports and domains that are told apart; others go unwatched.
    struct Last {
        std::uint32_t count = 0;  ///< Milliseconds since start; of IPFIX the sequence number.
    };
    std::map<std::pair<std::uint32_t, std::uint32_t>, Last> streams_;  ///< By port and version, and domain.
};

}  // namespace hw::flow::collect
