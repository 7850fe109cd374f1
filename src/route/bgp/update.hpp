#pragma once

#include "route/bgp/attributes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hw::route::bgp {

inline constexpr std::size_t kHeader = 19;  ///< Marker, length, type (RFC 4271, 4.1).
enum class MessageType : std::uint8_t { open = 1, update = 2, notification = 3, keepalive = 4, route_refresh = 5 };

/// An UPDATE taken apart where it lies (RFC 4271, 4.3). `fate` is that of the announced routes, or `reset`: nothing of the message is to
/// be used. `offset` is in the message's body.
struct Update : AttributesRead {
    NlriRange withdrawn;    ///< IPv4 unicast; what of other families is withdrawn stands in the attributes, likewise what is announced.
    NlriRange announced;
    bool with_paths = false;
    bool odd = false;       ///< Prefixes are malformed, or there are several default routes.

    /// Calls `visit(const Nlri&)` for all that is withdrawn, of every family that is read.
    template <typename Visit>
    void each_withdrawn(Visit&& visit) const {
        if (fate == Fate::reset) { return; }
        (void)withdrawn.for_each(visit);
        const auto others = attributes.unreach ? attributes.unreach->nlri(with_paths) : std::nullopt;
        if (others) { (void)others->for_each(visit); }
    }
    /// The same for all that is announced; where `fate` is `withdraw` it counts as withdrawn.
    template <typename Visit>
    void each_announced(Visit&& visit) const {
        if (fate == Fate::reset) { return; }
        (void)announced.for_each(visit);
        const auto others = attributes.reach ? attributes.reach->nlri(with_paths) : std::nullopt;
        if (others) { (void)others->for_each(visit); }
    }
};

/// Reads the body of an UPDATE (without the header) into `update`, which is as new. Never fails: see `Update`.
void read_update(std::span<const std::byte> body, std::size_t as_width, bool with_paths, Update& update);

/// Whether the prefixes of an UPDATE that was read without path identifiers make sense only with them: without, some are malformed or there
/// are several default routes, as the zeros of path identifiers look; with them, none is malformed. Some collectors write such updates under the numbers of
/// plain ones, as before RFC 8050 there were no others.
[[nodiscard]] bool has_untold_paths(const Update& update);

}  // namespace hw::route::bgp
