#pragma once

#include "net/asn.hpp"
#include "route/graph/as_graph.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace hw::route {

/// A way that goes on where it should have ended: an AS passes on to a provider or peer what it had from a provider or peer.
struct Leak {
    net::Asn from;      ///< Whom the leaker had it from.
    net::Asn leaker;
    net::Asn to;        ///< Whom it passed it to.
    unsigned type = 0;  ///< 1 to 4 of RFC 7908, section 3.
    friend bool operator==(const Leak&, const Leak&) = default;
};

/// The first leak on the path from its origin (the last of `path`) on, by the relationships of `graph`; steps between ASes whose relationship is not known say nothing.
/// `only_to_customer`: the attribute of RFC 9234, if the route has it: that AS passed the route on to a customer or peer, whatever the graph knows.
[[nodiscard]] std::optional<Leak> find_leak(const AsGraph& graph, std::span<const net::Asn> path, std::optional<net::Asn> only_to_customer);

}  // namespace hw::route
