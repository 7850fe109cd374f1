#pragma once

#include "base/time.hpp"
#include "net/address.hpp"
#include "net/asn.hpp"
#include "net/prefix.hpp"
#include "route/bgp/attributes.hpp"
#include "route/bgp/update.hpp"

#include <cstdint>
#include <optional>

namespace hw::route {

/// A router that tells a collector its routes.
struct Peer {
    net::Address address;
    net::Asn asn;
    net::Address router = {};  ///< The monitored router whose neighbour it is (BMP); of files none: the collector's own neighbour.
    friend auto operator<=>(const Peer&, const Peer&) = default;
};

/// How a route lay in a table dump.
enum class TableForm : std::uint8_t { table_dump, v2, v2_paths, entry };

/// One peer's route to one prefix, of a table.
struct TableRoute {
    TableForm form = TableForm::v2;
    Time dumped;       ///< When the table was written.
    Time originated;   ///< When the peer told the route.
    Peer peer;
    bgp::Nlri route;
    const bgp::AttributesRead* attributes = nullptr;  ///< Valid during the call.
};

/// How a message was recorded: in MRT's usual form, the same with microseconds, its old form of type 5.
enum class MessageForm : std::uint8_t { bgp4mp, bgp4mp_et, bgp };

/// An UPDATE that a peer has sent. What the spans show is valid during the call.
struct PeerUpdate {
    Time time;
    MessageForm form = MessageForm::bgp4mp;
    Peer peer;
    const bgp::Update* update = nullptr;
};

/// States of a session (RFC 4271, 8.2.2).
enum class SessionState : std::uint8_t { unknown = 0, idle = 1, connect = 2, active = 3, open_sent = 4, open_confirm = 5, established = 6, clearing = 7, deleted = 8 };

/// A session between the collector and a peer came up, went down, or was on the way to either.
struct StateChange {
    Time time;
    MessageForm form = MessageForm::bgp4mp;
    Peer peer;
    std::uint16_t before = 0;  ///< As a `SessionState`, or a number that none has.
    std::uint16_t after = 0;
};

/// Takes what is read of routing data, in the order of the bytes. Each returns whether there shall be more.
class RouteSink {
public:
    RouteSink() = default;
    RouteSink(const RouteSink&) = delete;
    RouteSink& operator=(const RouteSink&) = delete;
    virtual ~RouteSink() = default;
    virtual bool table(const TableRoute&) { return true; }
    virtual bool update(const PeerUpdate&) { return true; }
    virtual bool state(const StateChange&) { return true; }
};

}  // namespace hw::route
